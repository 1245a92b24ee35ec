package taskmanager //want:here folder pkg/taskmanager: "manager"
