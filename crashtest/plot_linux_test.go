package crashtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	plotWidth, plotHeight = 460, 150 // of one measure
	plotMargin            = 40
)

// plot draws all measures over time as an SVG, with the bound of the last fifth as a dashed line.
func (s samples) plot(duration time.Duration) string {
	const columns = 2
	rows := (len(measures) + columns - 1) / columns
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		columns*(plotWidth+2*plotMargin), rows*(plotHeight+2*plotMargin))
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	for i, m := range measures {
		x, y := plotMargin+i%columns*(plotWidth+2*plotMargin), plotMargin+i/columns*(plotHeight+2*plotMargin)
		most := s.fifth(i, 1)*m.bound.times + m.bound.plus
		top := max(slices.Max(s[i]), most, 1) * 1.05
		height := func(value float64) float64 { return plotHeight * (1 - value/top) }
		fmt.Fprintf(&b, `<g transform="translate(%d %d)"><text y="-12">%s</text>`, x, y, strings.TrimSuffix(m.name+", "+m.unit, ", "))
		fmt.Fprintf(&b, `<path d="M0 0V%[2]dH%[1]d" fill="none" stroke="#888"/>`, plotWidth, plotHeight)
		fmt.Fprintf(&b, `<text x="-6" y="4" text-anchor="end">%.4g</text><text x="-6" y="%d" text-anchor="end">0</text>`, top, plotHeight)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, plotWidth, plotHeight+16, duration)
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#c33" stroke-dasharray="4 3"/>`, plotWidth*4/5, height(most), plotWidth)
		b.WriteString(`<polyline fill="none" stroke="#2563eb" stroke-width="1.5" points="`)
		for n, value := range s[i] {
			fmt.Fprintf(&b, "%.1f,%.1f ", float64(plotWidth)*float64(n+1)/float64(len(s[i])), height(value))
		}
		b.WriteString(`"/></g>` + "\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}
