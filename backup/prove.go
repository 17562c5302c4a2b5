package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"filippo.io/age"

	"oplog/faults"
	"oplog/oplog"
)

// prove proves a backup that was written: a plain one by its file, an encrypted one by what was encrypted.
func (b *Backups) prove(ctx context.Context, f File, proving *streamProof) (Proof, error) {
	if proving != nil {
		proof, err := proving.wait()
		if err != nil {
			return proof, b.explainProof(f, err)
		}
		return proof, b.compare(ctx, f, proving.sum)
	}
	file, err := os.Open(f.path())
	if err != nil {
		return Proof{}, b.explain(err)
	}
	proof, err := b.restore(ctx, b.source(ctx, file))
	if err != nil {
		err = b.explainProof(f, err)
	}
	return proof, errors.Join(err, file.Close())
}

// explainProof says of an error of a restore what to do.
func (b *Backups) explainProof(f File, err error) error {
	if oplog.IsDiskFull(err) || oplog.CodeOf(err) == oplog.CodeDiskFull {
		return oplog.Refuse(oplog.CodeDiskFull, "backup-proof-disk-full", "The backup {file} was made, but the data directory has no room to restore it for the proof. Free some space.", f.Name)
	}
	return oplog.Refuse(oplog.CodeDamaged, "backup-not-restorable", "The backup {file} cannot be restored: {error}. Keep the backups before it, check the disks, and run oplog verify.", f.Name, err.Error())
}

// compare compares an encrypted file with what was written.
func (b *Backups) compare(ctx context.Context, f File, want []byte) error {
	file, err := os.Open(f.path())
	if err != nil {
		return b.explain(err)
	}
	sum := sha256.New()
	_, err = io.Copy(sum, b.source(ctx, file))
	if err != nil {
		err = b.explain(err)
	} else if !bytes.Equal(sum.Sum(nil), want) {
		err = b.explainProof(f, errors.New("the file is not what was written"))
	}
	return errors.Join(err, file.Close())
}

// restore restores a backup for a proof, and removes what was restored.
func (b *Backups) restore(ctx context.Context, from io.Reader) (proof Proof, err error) {
	defer faults.Catch("proving a backup", &err)
	if err := os.RemoveAll(b.o.ProofDir); err != nil {
		return proof, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.o.ProofDir)) }()
	return b.o.Prove(ctx, b.o.ProofDir, from)
}

// streamProof restores what is encrypted at the same time.
type streamProof struct {
	to    *io.PipeWriter
	ended chan struct{}
	proof Proof
	err   error
	sum   []byte // SHA-256 of the encrypted file
}

func (b *Backups) proveStream(ctx context.Context) *streamProof {
	from, to := io.Pipe()
	p := &streamProof{to: to, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.proof, p.err = b.restore(ctx, from)
		_ = from.CloseWithError(io.ErrClosedPipe) // what comes then is only encrypted; cannot fail
	}()
	return p
}

// encrypt encrypts a backup to a file.
func (p *streamProof) encrypt(to io.Writer, from io.Reader, recipients []Recipient) error {
	sum := sha256.New()
	w, err := age.Encrypt(io.MultiWriter(to, sum), recipients...)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, io.TeeReader(from, p)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	p.sum = sum.Sum(nil)
	return p.to.Close()
}

// Write passes a part of the backup on, unless the proof has failed: the backup is written nevertheless.
func (p *streamProof) Write(part []byte) (int, error) {
	_, _ = p.to.Write(part) // the error is that of the proof
	return len(part), nil
}

// wait returns the proof.
func (p *streamProof) wait() (Proof, error) {
	<-p.ended
	return p.proof, p.err
}

// cancel ends a proof of which not all was written. There may be none.
func (p *streamProof) cancel(err error) {
	if p != nil {
		_ = p.to.CloseWithError(err) // cannot fail
		<-p.ended
	}
}
