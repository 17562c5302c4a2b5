package cli

import "strings"

// nearest returns the known name that is probably meant by an unknown one; "" if none is similar. Separators do not matter: tls_cert is like
// tls.cert. The same name in another section is similar, too.
func nearest(name string, known []string) string {
	meant, least := "", 0
	for _, k := range known {
		d, most := 2*distance(plain(name), plain(k)), 2*max(1, len(plain(k))/3)
		if plain(afterDot(name)) == plain(afterDot(k)) {
			d = min(d, most, 3)
		}
		if d <= most && (meant == "" || d < least) {
			meant, least = k, d
		}
	}
	return meant
}

func plain(name string) string {
	return strings.NewReplacer(".", "", "_", "", "-", "").Replace(strings.ToLower(name))
}

func afterDot(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// distance returns how many letters have to be added, removed or replaced to make one text another (Levenshtein's distance).
func distance(a, b string) int {
	to := []rune(b)
	row := make([]int, len(to)+1) // from the letters of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i, letter := range []rune(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j, other := range to {
			replaced := diagonal
			if letter != other {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(to)]
}
