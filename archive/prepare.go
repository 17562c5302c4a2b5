package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// maker is an engine that can make what it needs of a tenant, such as a table.
type maker interface {
	MakeTable(ctx context.Context, tenant string, replicated bool) error
}

// Prepare makes on each server what the archive needs of a tenant, if it is not there, and checks it.
func (a *Archive) Prepare(ctx context.Context, tenant string, replicated bool) error {
	var failed []error
	for _, engine := range a.options.Shards {
		m, ok := engine.(maker)
		if !ok {
			failed = append(failed, fmt.Errorf("%s: its tables are made elsewhere", strings.Join(engine.Servers(), ", ")))
			continue
		}
		if len(engine.Servers()) > 1 && !replicated {
			failed = append(failed, fmt.Errorf("%s have the same data, which needs a table that is replicated; add --replicated", strings.Join(engine.Servers(), ", ")))
			continue
		}
		err := m.MakeTable(ctx, tenant, replicated)
		if err == nil {
			err = engine.Check(ctx, tenant)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
