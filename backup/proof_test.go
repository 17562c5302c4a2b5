package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"oplog/node/nodetest"
	"oplog/oplog"
)

// damaged is a proof of what has a byte that was not written.
func damaged(ctx context.Context, dir string, from io.Reader) (Proof, error) {
	data, err := io.ReadAll(from)
	if err != nil {
		return Proof{}, err
	}
	data[len(data)/2] ^= 1
	return restore(ctx, dir, bytes.NewReader(data))
}

// TestNothingIsDeletedBeforeAProof: proved backups stay until a newer one is proved, and of those that could not be proved only the last.
func TestNothingIsDeletedBeforeAProof(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Keep = 1 })
	f.succeeds(0)
	f.Prove(damaged)
	s := f.fails(day, "backup-not-restorable")
	f.wantFiles(first, second)
	if s.Files[0].Failure == nil || !s.Files[0].ProvedAt.IsZero() || s.Proved.Name != first || !s.NextAt.Equal(f.Clock.Now().Add(time.Minute)) {
		t.Errorf("%+v", s)
	}
	lines := logged(t)
	s = f.fails(time.Minute, "backup-not-restorable")
	f.wantFiles(first, "oplog-20261121T084300Z.backup")
	if s.Failures != 2 || !s.NextAt.Equal(f.Clock.Now().Add(2*time.Minute)) {
		t.Errorf("%+v", s)
	}
	f.Prove(restore)
	f.succeeds(2 * time.Minute)
	f.wantFiles("oplog-20261121T084500Z.backup")
	if !strings.Contains(f.told(), "prove failed "+second) || !strings.Contains(lines.String(), "proved restorable") {
		t.Errorf("told: %s; logged: %s", f.told(), lines)
	}
}

// Prove replaces the proof.
func (f *fixture) Prove(prove Prove) { f.Backups.o.Prove = prove }

// TestEncrypted: an encrypted backup is proved without its secret key, and with it is what was proved.
func TestEncrypted(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("# made for a test\n"+identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(o *Options) { o.Recipients = []Recipient{identity.Recipient()} })
	f.succeeds(0)
	f.wantFiles(first + ".age")
	data, err := os.ReadFile(filepath.Join(f.o.Dir, first+".age"))
	if err != nil || bytes.Contains(data, []byte("oplog backup")) || !bytes.HasPrefix(data, []byte(encryptedMark)) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := Decrypt(bytes.NewReader(data), ""); !errors.Is(err, ErrEncrypted) {
		t.Error(err)
	}
	plain, err := Decrypt(bytes.NewReader(data), secret)
	if err != nil {
		t.Fatal(err)
	}
	if proof, err := restore(t.Context(), filepath.Join(t.TempDir(), "new"), plain); err != nil || proof != f.State().Proved.Proof {
		t.Errorf("%+v, %v; proved was %+v", proof, err, f.State().Proved.Proof)
	}

	f.Prove(damaged)
	f.fails(day, "backup-not-restorable")
	f.wantFiles(first+".age", second+".age")
	f.Prove(func(context.Context, string, io.Reader) (Proof, error) { panic("a mistake") })
	f.fails(time.Minute, "backup-not-restorable")
	f.Prove(func(ctx context.Context, dir string, from io.Reader) (Proof, error) { // the disk changes what was written
		proof, err := restore(ctx, dir, from)
		path := filepath.Join(f.o.Dir, "oplog-20261121T084500Z.backup.age")
		until(t, func() bool { return exists(path) })
		written, readErr := os.ReadFile(path)
		written[len(written)/2] ^= 1
		return proof, errors.Join(err, readErr, os.WriteFile(path, written, 0o600))
	})
	if s := f.fails(2*time.Minute, "backup-not-restorable"); !strings.Contains(s.Failure.Text, "not what was written") {
		t.Errorf("%+v", s.Failure)
	}
	f.Prove(restore)
	f.succeeds(4 * time.Minute)
}

func TestParseRecipients(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public := identity.Recipient().String()
	file := filepath.Join(t.TempDir(), "recipients")
	if err := os.WriteFile(file, []byte("# Ann\n"+public+"\n\n"+public+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ParseRecipients([]string{" " + public}, file); err != nil || len(got) != 3 {
		t.Errorf("%d recipients, %v", len(got), err)
	}
	for _, c := range []struct{ key, file, want string }{
		{key: "age1x", want: `"age1x" is not a public key`},
		{key: "", want: "is not a public key"},
		{key: identity.String(), want: "not a secret one"},
		{file: file + "x", want: "cannot read the recipients"},
		{file: os.Args[0], want: "does not have a public key"},
	} {
		var keys []string
		if c.file == "" {
			keys = []string{c.key}
		}
		_, err := ParseRecipients(keys, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestDirectoryFails: a directory that is gone, is a file or is full is said in one line, once, and tried again until it works.
func TestDirectoryFails(t *testing.T) {
	f := newFixture(t, nil)
	lines := logged(t)
	f.Must(nil, os.Remove(f.o.Dir))
	f.fails(0, "backup-dir-gone")
	s := f.fails(time.Minute, "backup-dir-gone")
	if n := strings.Count(lines.String(), "level=ERROR"); n != 1 || !strings.Contains(lines.String(), "Mount or create it") {
		t.Errorf("%d errors in %s", n, lines)
	}
	for range 10 {
		s = f.fails(s.NextAt.Sub(f.Clock.Now()), "backup-dir-gone")
	}
	if !s.NextAt.Equal(f.Clock.Now().Add(time.Hour)) {
		t.Errorf("the next attempt is at %s, and it is %s", s.NextAt, f.Clock.Now())
	}
	f.Record("acme", nodetest.Entry("b", 1)) // the log goes on
	f.Must(nil, os.WriteFile(f.o.Dir, nil, 0o600))
	f.fails(time.Hour, "backup-dir-no-directory")
	f.Must(nil, os.Remove(f.o.Dir))
	f.Must(nil, os.Mkdir(f.o.Dir, 0o700))

	f.Backups.o.Space = func(string) (free, total uint64, err error) { return 1000, 1 << 40, nil }
	f.fails(time.Hour, "backup-dir-full")
	f.Backups.o.Space = f.o.Space
	f.Disk.Leave(1 << 30)
	f.fails(time.Hour, "disk-nearly-full")
	f.Disk.Leave(1 << 35)
	if s := f.succeeds(time.Hour); s.Failures != 15 || len(s.Files) != 1 {
		t.Errorf("%+v", s)
	}
	if told := f.told(); strings.Count(told, "create failed") != 4 {
		t.Errorf("the access log says %s", told)
	}
}

// TestDirectoryErrors: what the system says of the directory becomes what to do.
func TestDirectoryErrors(t *testing.T) {
	f := newFixture(t, nil)
	for cause, want := range map[error]string{
		fs.ErrNotExist: "Mount or create it", syscall.EACCES: "Give the user", syscall.EROFS: "Mount it so that it can be written",
		syscall.ENOSPC: "Free some space", syscall.EDQUOT: "Free some space", syscall.EIO: "Check the disk",
	} {
		err := f.explain(&fs.PathError{Op: "open", Path: "x", Err: cause})
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), f.o.Dir) || oplog.CodeOf(err) == "" {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// TestOverdue: it is told once when no backup was proved for longer than the schedule wants, also if there never was one.
func TestOverdue(t *testing.T) {
	f := newFixture(t, nil)
	lines := logged(t)
	overdue := func(later time.Duration, want bool, times int) {
		t.Helper()
		s := f.turn(later)
		if n := strings.Count(lines.String(), "level=WARN"); s.Overdue != want || n != times {
			t.Errorf("overdue: %t, warned %d times: %s", s.Overdue, n, lines)
		}
	}
	f.Prove(func(context.Context, string, io.Reader) (Proof, error) { return Proof{}, errors.New("no") })
	overdue(0, false, 0)
	overdue(day+time.Hour, false, 0)
	overdue(time.Second, true, 1)
	overdue(day, true, 1)
	f.Restart()
	f.begin()
	f.Prove(damaged)
	overdue(0, true, 2)
	f.Prove(restore)
	f.succeeds(day)
	f.Prove(damaged)
	overdue(day+time.Hour+time.Second, true, 3)
	if !strings.Contains(lines.String(), "is older than the schedule") {
		t.Error(lines)
	}
}

// TestInterrupted: a program that stops fails nothing, and leaves nothing; what a crash leaves is removed at the next start, and no other file.
func TestInterrupted(t *testing.T) {
	f := newFixture(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	f.Prove(func(context.Context, string, io.Reader) (Proof, error) {
		stop()
		return Proof{}, ctx.Err()
	})
	f.Turn(ctx)
	if s := f.State(); s.Failure != nil || s.Failures != 0 || s.Running != nil {
		t.Errorf("%+v", s)
	}
	f.Turn(ctx) // stopped before it is written
	f.wantFiles(first)

	left, foreign := filepath.Join(f.o.Dir, ".oplog-20261120T084200Z.backup.part"), filepath.Join(f.o.Dir, ".oplog-other.backup.part")
	f.change(func(s *stored) { s.Writing = left })
	for _, path := range []string{left, foreign} {
		f.Must(nil, os.WriteFile(path, []byte("a part"), 0o600))
	}
	f.Must(nil, os.MkdirAll(filepath.Join(f.o.ProofDir, "x"), 0o700))
	f.Restart()
	f.begin()
	f.Run(ctx)
	f.wantFiles(".oplog-other.backup.part", first)
	f.Prove(restore)
	f.succeeds(time.Hour)
	f.wantFiles(".oplog-other.backup.part", "oplog-20261120T094200Z.backup")
}

// TestStopsAtTheReserve: a backup directory on the volume of the data takes nothing of what is reserved for recording.
func TestStopsAtTheReserve(t *testing.T) {
	f := newFixture(t, nil)
	from := f.source(t.Context(), bytes.NewReader(make([]byte, spaceCheckBytes+1)))
	f.running = &Progress{}
	f.Disk.Leave(1)
	n, err := io.Copy(io.Discard, from)
	if oplog.CodeOf(err) != oplog.CodeDiskFull || n < spaceCheckBytes || !errors.Is(from.failed, err) {
		t.Errorf("%d bytes, %v", n, err)
	}
}
