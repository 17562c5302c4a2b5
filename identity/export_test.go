package identity

import "time"

// UsedLaunches returns how many used links of a key are counted.
func (i *Identity) UsedLaunches(key APIKey) int {
	i.launches.mu.Lock()
	defer i.launches.mu.Unlock()
	return i.launches.of[key.Hash]
}

// Code returns the code that the app of an account shows.
func (a *Account) Code(at time.Time) string {
	return totpCode(a.Factors.TOTP.Secret, at.Unix()/int64(totpPeriod/time.Second), totpDigits)
}
