package archive

import "context"

// RemoveHere removes what is left of removed days.
func (a *Archive) RemoveHere(ctx context.Context, tenant string) error {
	return a.removeHere(ctx, tenant)
}
