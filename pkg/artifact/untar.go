package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// headerBytes is what an entry of a tar may take besides its content: headers, long names, padding.
const headerBytes = 4 << 10

func (u *unpacker) untar(ctx context.Context, r io.Reader) error {
	t := tar.NewReader(u.bounded(during(ctx, r)))
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && (ctx.Err() != nil || errors.Is(err, ErrArchive)):
			return err
		case err != nil:
			return damagedArchive(err)
		case h.Typeflag == tar.TypeXGlobalHeader: // git writes one; it names no file
			err = u.count()
		default:
			err = u.untarEntry(ctx, h, t)
		}
		if err != nil {
			return err
		}
	}
}

// bounded ends a tar that goes on longer than anything within the limits could: headers too can be compressed a thousandfold.
func (u *unpacker) bounded(r io.Reader) io.Reader {
	left := u.limits.MaxBytes + int64(u.limits.MaxFiles)*headerBytes + 1<<20
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		if left -= int64(n); left < 0 {
			return 0, fmt.Errorf("%w: more than %d bytes and %d files", ErrArchive, u.limits.MaxBytes, u.limits.MaxFiles)
		}
		return n, err
	})
}

func (u *unpacker) untarEntry(ctx context.Context, h *tar.Header, r io.Reader) error {
	mode := h.FileInfo().Mode()
	name, err := u.entry(ctx, strings.TrimSuffix(h.Name, "/"), mode)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return u.directory(name)
	case tar.TypeReg:
		return u.write(ctx, name, mode, h.Size, r)
	case tar.TypeSymlink:
		return u.symlink(name, h.Linkname)
	case tar.TypeLink:
		return u.hardLink(ctx, name, h.Linkname)
	}
	return refuse(h.Name, "is neither file, nor directory, nor link")
}
