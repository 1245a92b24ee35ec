package apputils //want:here package apputils: "utils"
