package reconcile

import "log/slog"

// troubleLog logs an error when it appears, changes or clears, not each time.
type troubleLog struct {
	logger *slog.Logger
	last   string
}

func (t *troubleLog) report(err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now == t.last {
		return
	}
	t.last = now
	if err != nil {
		t.logger.Error("reconcile failed, serving what was published last", "error", now)
		return
	}
	t.logger.Info("reconcile works again")
}
