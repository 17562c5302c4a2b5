package server

import (
	"bytes"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

// withHelp adds the help texts of the log's metrics, which the library leaves empty.
var withHelp = func() *strings.Replacer {
	var pairs []string
	for _, line := range logMetrics {
		name, _, _ := strings.Cut(line, " ")
		pairs = append(pairs, "# HELP "+name+"\n", "# HELP "+line+"\n")
	}
	return strings.NewReplacer(pairs...)
}()

// writeProcessMetrics writes the library's metrics of the process that are in processMetrics, as promtool wants them: with help, and those that
// only grow as counters.
func writeProcessMetrics(w *bytes.Buffer) {
	var all bytes.Buffer
	metrics.WriteProcessMetrics(&all)
	metrics.WriteFDMetrics(&all)
	kept := false
	for line := range strings.Lines(all.String()) {
		name, isHelp := strings.CutPrefix(line, "# HELP ")
		if name = strings.TrimSpace(name); isHelp {
			var help string
			if help, kept = processMetrics[name]; kept {
				w.WriteString("# HELP " + name + " " + help + "\n")
			}
			continue
		}
		if name, isGauge := strings.CutSuffix(line, "_total gauge\n"); isGauge {
			line = name + "_total counter\n"
		}
		if kept {
			w.WriteString(line)
		}
	}
}

// logMetrics are the metrics of the log, with their help.
var logMetrics = []string{
	"oplog_build_info Version, commit and Go version of the build.",
	"oplog_start_time_seconds Unix time when the program started.",
	"oplog_tenants Number of tenants.",
	"oplog_entries_recorded_total Entries ever recorded, of all tenants.",
	"oplog_entries_skipped_total Operations received that were not manual and therefore not stored.",
	"oplog_store_bytes Size of the store.",
	"oplog_index_bytes Size of the search index.",
	"oplog_index_values_bytes Memory in which the search index tells users, roles and organizations of all open tenants apart.",
	"oplog_disk_free_bytes Free disk space in the data directory.",
	"oplog_disk_reserve_bytes Free disk space that only recording uses; below it, reading, exports and backups are rejected.",
	"oplog_index_ready 1 if the search index has caught up with the store.",
	"oplog_read_only 1 if nothing can be recorded, because the disk fails or the data file is gone.",
	"oplog_damaged_at_start 1 if the store was damaged when the program started, at no cost of entries as far as known, or a record of a tenant, an account or a key is; the System page has the details.",
	"oplog_scrub_pages Pages of the store checked in the background, by the check in progress or the last one.",
	"oplog_scrub_entries Entries checked, likewise.",
	"oplog_scrub_damaged Places of the store that the check in progress or the last one found damaged; the log has the details.",
	"oplog_scrub_interval_seconds How often all pages and entries are to be checked.",
	"oplog_scrub_last_whole_timestamp_seconds Unix time when all pages and entries were last checked.",
	"oplog_retention_waiting Deletions under retention rules that wait until an owner agrees: the clock is far off, or much more would be deleted than last time.",
	"oplog_last_backup_timestamp_seconds Unix time of the last completed backup.",
	"oplog_backups_kept Scheduled backups in the backup directory.",
	"oplog_backup_overdue 1 if the last backup that was proved restorable is older than the schedule.",
	"oplog_backup_failures_total Attempts to make and prove a scheduled backup that failed; the log has the reasons.",
	"oplog_backup_last_made_timestamp_seconds Unix time of the log's state in the last scheduled backup.",
	"oplog_backup_last_proved_timestamp_seconds Unix time of the log's state in the last scheduled backup that was restored and verified.",
	"oplog_backup_bytes Size of the last scheduled backup that was restored and verified.",
	"oplog_source_sign_ins_total Attempts to sign in by each directory and identity provider that this node asked since the start: signed in, refused, or the source did not answer.",
	"oplog_archive_lag_days By how many days archiving is behind, of the tenant where it is furthest behind.",
	"oplog_archive_days Days of all tenants on their way to the archive or in it, by state: shipping, archived (in both places), removed (in the archive alone), deleted.",
	"oplog_archive_entries Entries in the archive, of all tenants.",
	"oplog_archive_servers_unreachable Servers of the archive that do not answer.",
	"oplog_archive_missing_days Days that servers of the archive should have and lack, of all servers together.",
	"oplog_archive_last_verified_timestamp_seconds Unix time when a day was last compared with what the archive has, of the tenant where that is longest ago.",
	"oplog_archive_shipped_entries_total Entries put into the archive and verified there since the program started.",
	"oplog_archive_failures_total Attempts to archive or remove a day that failed; the log has the reasons.",
	"oplog_anchor_up 1 if checkpoints can be written to the anchor folder.",
	"oplog_panics_total Panics of the program, each of which failed one request or task; the log has their stacks.",
	"oplog_background_errors_total Errors of background work, which no caller saw; the log has them.",
	"oplog_witness_up 1 if the witness cosigned what it was last asked to; 0 if it refused or did not answer.",
	"oplog_witness_failures_total Attempts to have a checkpoint cosigned that the witness refused or did not answer.",
	"oplog_witness_cosigned_timestamp_seconds Unix time of the witness's last cosignature.",
	"oplog_live_streams Open live streams.",
	"oplog_http_requests_total Requests, by method and class of status.",
	"oplog_http_request_duration_seconds Time from a request's headers to the first byte of its response, by class of route.",
	"oplog_append_duration_seconds Time to store the entries of a request or of a part of an import, from the start until they are on disk and can be found.",
	"oplog_sync_duration_seconds Time of the disk syncs of transactions, of which one serves all requests that wait.",
	"oplog_query_duration_seconds Time of queries without HTTP: page is a page of entries, total a count, summary the counts with histogram and facets.",
	"oplog_export_duration_seconds Time to write complete exports.",
	"oplog_export_failures_total Exports that failed, not those that somebody cancelled or that a limit ended; the page of each has the reason.",
	"oplog_cluster_leader 1 if this node leads the log's nodes.",
	"oplog_cluster_quorum 1 if enough nodes reach each other for recording, as this node sees it.",
	"oplog_cluster_term How often a leader was elected.",
	"oplog_cluster_level Level of the messages between nodes that this node has; it rises once all nodes understand a higher one.",
	"oplog_cluster_last_index Index of the last message in this node's copy of the replicated log.",
	"oplog_cluster_commit_index Index of the last message that this node knows a quorum to have.",
	"oplog_cluster_applied_index Index of the last message that is in this node's store.",
	"oplog_cluster_lag_entries Messages that a quorum has and this node's store does not.",
	"oplog_cluster_lag_seconds For how long this node's store has not had the oldest of them.",
	"oplog_cluster_last_contact_seconds Time since this node last heard of the leader; 0 on the leader.",
	"oplog_cluster_elections_total Elections that this node began.",
	"oplog_cluster_proposals_total Messages that this node proposed as the leader.",
	"oplog_cluster_proposals_refused_total Of these, those that a quorum did not take in time, or that another leader overtook.",
	"oplog_cluster_log_damaged_total Records of the replicated log that this node found damaged; it gets them from others.",
	"oplog_cluster_copies_failed_total Copies of another node's store that this node could not take; oplog cluster status says why, and when it tries again.",
	"oplog_cluster_copy_missing_bytes Bytes that this node's disk lacks for a copy that it needs; 0 if there is room.",
	"oplog_cluster_entries_healed_total Entries that were damaged on this node's disk and were put back from another node's copy.",
	"oplog_cluster_diverged 1 if this node has stopped because its log is not the others'; it fetches a copy.",
	"oplog_cluster_snapshots_sent_total Copies of the store that this node sent to others.",
	"oplog_cluster_snapshots_received_total Copies of the store that this node received.",
	"oplog_cluster_log_sync_duration_seconds Time of the disk syncs of the replicated log.",
	"oplog_cluster_read_index_duration_seconds Time of asking the leader how far a read has to wait.",
	"oplog_cluster_forward_duration_seconds Time of requests that this node had another answer, until their answer began.",
	"oplog_certificate_expiry_timestamp_seconds Unix time when the TLS certificate in use expires.",
}

// processMetrics are the metrics of the process and of Go's runtime, with their help; some are missing on some operating systems.
var processMetrics = map[string]string{
	"go_gc_cpu_seconds_total":          "Processor time of the garbage collector.",
	"go_gc_duration_seconds":           "Pauses of the last garbage collections.",
	"go_gc_pauses_seconds":             "Pauses of all garbage collections.",
	"go_gomaxprocs":                    "Processors that the program may use at a time.",
	"go_goroutines":                    "Goroutines.",
	"go_info":                          "Version of Go.",
	"go_memlimit_bytes":                "Memory that the program tries to stay within.",
	"go_memstats_alloc_bytes_total":    "Memory ever allocated on the heap.",
	"go_memstats_heap_alloc_bytes":     "Memory of objects on the heap.",
	"go_memstats_heap_idle_bytes":      "Memory of the heap without objects.",
	"go_memstats_heap_inuse_bytes":     "Memory of the heap with objects.",
	"go_memstats_heap_objects":         "Objects on the heap.",
	"go_memstats_heap_released_bytes":  "Memory of the heap that was given back to the system.",
	"go_memstats_last_gc_time_seconds": "Unix time of the last garbage collection.",
	"go_memstats_next_gc_bytes":        "Size of the heap at which garbage is collected next.",
	"go_memstats_stack_inuse_bytes":    "Memory of stacks.",
	"go_memstats_sys_bytes":            "Memory that Go's runtime has from the system.",
	"go_mutex_wait_seconds_total":      "Time that goroutines waited for locks.",
	"go_sched_latencies_seconds":       "Time that goroutines waited for a processor.",
	"go_threads":                       "Threads.",

	"process_cgroup_cpu_throttled_seconds_total":    "Time that the control group was denied a processor.",
	"process_cpu_seconds_system_total":              "Processor time in the kernel.",
	"process_cpu_seconds_total":                     "Processor time.",
	"process_cpu_seconds_user_total":                "Processor time outside the kernel.",
	"process_io_storage_read_bytes_total":           "Bytes read from disks.",
	"process_io_storage_written_bytes_total":        "Bytes written to disks.",
	"process_major_pagefaults_total":                "Page faults that needed a disk.",
	"process_max_fds":                               "Files and connections that may be open.",
	"process_minor_pagefaults_total":                "Page faults that needed no disk.",
	"process_num_threads":                           "Threads of the process.",
	"process_open_fds":                              "Open files and connections.",
	"process_pressure_cpu_stalled_seconds_total":    "Time that the whole control group waited for a processor.",
	"process_pressure_cpu_waiting_seconds_total":    "Time that a part of the control group waited for a processor.",
	"process_pressure_io_stalled_seconds_total":     "Time that the whole control group waited for disks.",
	"process_pressure_io_waiting_seconds_total":     "Time that a part of the control group waited for disks.",
	"process_pressure_memory_stalled_seconds_total": "Time that the whole control group waited for memory.",
	"process_pressure_memory_waiting_seconds_total": "Time that a part of the control group waited for memory.",
	"process_resident_memory_bytes":                 "Memory of the process, files that it maps included.",
	"process_resident_memory_anon_bytes":            "Memory of the process but for files that it maps.",
	"process_resident_memory_peak_bytes":            "The most memory that the process ever had.",
	"process_start_time_seconds":                    "Unix time when the process started.",
	"process_virtual_memory_bytes":                  "Addresses of the process.",
}
