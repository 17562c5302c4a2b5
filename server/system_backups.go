package server

import (
	"context"
	"time"

	"oplog/backup"
	"oplog/oplog"
)

type (
	backupsOutput struct{ Body backupsBody }
	backupsBody   struct {
		Dir          string             `json:"dir,omitempty" doc:"The directory that backups are written to; omitted if none is configured."`
		EverySeconds int64              `json:"every_seconds" doc:"How often a backup is made; 0 for only when asked."`
		Keep         int                `json:"keep" doc:"Number of proved backups that are kept; 0 for all."`
		Recipients   int                `json:"recipients" doc:"Number of public keys (age) that backups are encrypted to; 0 for plain ones."`
		NextAt       time.Time          `json:"next_at,omitzero" doc:"When the next backup is due; omitted if none is scheduled."`
		Running      *runningBackupBody `json:"running,omitempty" doc:"The backup that is being made; omitted if there is none."`
		Overdue      bool               `json:"overdue" doc:"Whether the last proved backup is older than the schedule."`
		LastMadeAt   time.Time          `json:"last_made_at,omitzero" doc:"Time of the last backup; omitted if there was none."`
		LastProved   *provedBackupBody  `json:"last_proved,omitempty" doc:"The last backup that was restored and verified; omitted if there was none."`
		Failure      *backupFailureBody `json:"failure,omitempty" doc:"Why the last attempt failed; omitted if it succeeded."`
		Files        []backupFileBody   `json:"files" doc:"The backups in the directory, newest first."`
	}
	runningBackupBody struct {
		Phase   string    `json:"phase" enum:"copy,write,prove" doc:"copy: from the store; write: to the directory; prove: restored and verified."`
		BeganAt time.Time `json:"began_at" doc:"When it began."`
		Done    int64     `json:"done" doc:"Bytes written or restored so far, in these phases."`
		Bytes   int64     `json:"bytes" doc:"Of so many; 0 while it is copied."`
	}
	provedBackupBody struct {
		Name     string    `json:"name" doc:"Name of the file."`
		MadeAt   time.Time `json:"made_at" doc:"When the backup was made."`
		ProvedAt time.Time `json:"proved_at" doc:"When it had been restored and verified."`
		Entries  uint64    `json:"entries" doc:"Entries verified, with those of access logs."`
	}
	backupFailureBody struct {
		At     time.Time      `json:"at" doc:"When it failed."`
		Error  string         `json:"error" doc:"What failed, and what to do."`
		Reason string         `json:"reason,omitempty" doc:"The same for programs, such as backup-dir-gone."`
		Params map[string]any `json:"params,omitempty" doc:"Parameters of the message."`
	}
	backupFileBody struct {
		Name      string             `json:"name" doc:"Name of the file."`
		Bytes     int64              `json:"bytes" doc:"Its size."`
		MadeAt    time.Time          `json:"made_at" doc:"When the backup was made."`
		Encrypted bool               `json:"encrypted" doc:"Whether it is encrypted with age."`
		ProvedAt  time.Time          `json:"proved_at,omitzero" doc:"When it had been restored and verified; omitted if it was not."`
		Entries   uint64             `json:"entries,omitempty" doc:"Entries verified."`
		Failure   *backupFailureBody `json:"failure,omitempty" doc:"Why it could not be restored; omitted unless it failed."`
		ReliesOn  *oplog.Reliance    `json:"relies_on,omitempty" doc:"What of the log was in the archive alone, and is not in the backup; omitted for nothing."`
	}
)

func newBackupFailureBody(f *backup.Failure) *backupFailureBody {
	if f == nil {
		return nil
	}
	return &backupFailureBody{f.At, f.Text, f.Reason, f.Params}
}

// listBackups describes the scheduled backups.
func (s *Server) listBackups(context.Context, *call, *struct{}) (*backupsOutput, error) {
	out := &backupsOutput{backupsBody{Files: []backupFileBody{}}}
	if s.backups == nil {
		return out, nil
	}
	state := s.backups.State()
	b := &out.Body
	b.Dir, b.EverySeconds, b.Keep, b.Recipients = state.Dir, int64(state.Every.Seconds()), state.Keep, state.Recipients
	b.NextAt, b.Overdue, b.LastMadeAt, b.Failure = state.NextAt, state.Overdue, state.MadeAt, newBackupFailureBody(state.Failure)
	if r := state.Running; r != nil {
		b.Running = &runningBackupBody{r.Phase, r.BeganAt, r.Done, r.Bytes}
	}
	if p := state.Proved; p.Name != "" {
		b.LastProved = &provedBackupBody{p.Name, p.MadeAt, p.ProvedAt, p.Proof.Entries}
	}
	for _, f := range state.Files {
		one := backupFileBody{f.Name, f.Bytes, f.MadeAt, f.Encrypted, f.ProvedAt, f.Proof.Entries, newBackupFailureBody(f.Failure), nil}
		if f.ReliesOn.Days > 0 {
			one.ReliesOn = &f.ReliesOn
		}
		b.Files = append(b.Files, one)
	}
	return out, nil
}

// startBackup has a backup made now, unless one is being made.
func (s *Server) startBackup(ctx context.Context, in *call, none *struct{}) (*backupsOutput, error) {
	if s.backups == nil {
		return nil, oplog.Refuse(oplog.CodeConflict, "no-backup-dir", "There is no backup directory; start oplog with --backup-dir, or download the backup.")
	}
	if err := s.stillMay(in)(); err != nil {
		return nil, err
	}
	s.backups.Start()
	return s.listBackups(ctx, in, none)
}
