package schedulertest

import (
	"fmt"
	"html"
	"strings"
	"time"
)

// The picture in pixels.
const (
	svgWidth   = 760
	svgPanel   = 118 // height of one panel's axes
	svgGap     = 44  // above each panel, for its title
	svgLeft    = 52
	svgRight   = 12
	svgColumns = 180 // a line has so many points at most
)

// svgStyle is readable on light and on dark paper.
const svgStyle = `<style>
text{font:11px system-ui,sans-serif;fill:#333}.title{font-size:13px;font-weight:600}.grid{stroke:#8886;stroke-width:1}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.l0{stroke:#2f7fc1}.l1{stroke:#d9822b;stroke-dasharray:6 3}.l2{stroke:#1f9d6b}
.l3{stroke:#b05bb5;stroke-dasharray:2 3}@media (prefers-color-scheme:dark){text{fill:#ddd}}
</style>
`

// panel is one quantity over time.
type panel struct {
	title string
	unit  string // "%" draws parts of 1 from 0 to 100
	of    func(*Sample) float64
}

func panels() []panel {
	return []panel{
		{"cores in use", "%", func(x *Sample) float64 { return x.Used[0] }},
		{"applications that want more and could have it", "", func(x *Sample) float64 { return float64(x.Waiting) }},
		{"due part missed by the queue that misses most", "%", func(x *Sample) float64 { return x.Unfair }},
		{"free cores of no use to the smallest that waits", "%", func(x *Sample) float64 { return x.Fragmented }},
	}
}

// SVG draws the report: lines over time. The same report gives the same bytes.
func (r Report) SVG() []byte { return Picture(r) }

// Picture lays reports on the same trace over one another, up to four in different strokes.
func Picture(reports ...Report) []byte {
	var b strings.Builder
	list := panels()
	height := len(list)*(svgPanel+svgGap) + 30
	title, span := "", time.Duration(1)
	for _, r := range reports {
		title, span = r.Trace, max(span, r.Span)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n%s", svgWidth, height, html.EscapeString(title), svgStyle)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="16">%s</text>`+"\n", svgLeft, html.EscapeString(title))
	for i, r := range reports {
		x := svgLeft + 220 + i*110
		fmt.Fprintf(&b, `<path class="line l%d" d="M%d 12h26"/><text x="%d" y="16">%s</text>`+"\n", i%4, x, x+32, html.EscapeString(r.Policy))
	}
	for i, p := range list {
		p.draw(&b, svgGap+i*(svgPanel+svgGap), span, reports)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// draw gives one panel with its top at y.
func (p panel) draw(b *strings.Builder, y int, span time.Duration, reports []Report) {
	lines, most := make([][]float64, len(reports)), 0.0
	for i := range reports {
		lines[i] = reports[i].columns(p.of, span)
		for _, v := range lines[i] {
			most = max(most, v)
		}
	}
	most = ceiling(most, p.unit)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", svgLeft, y-6, p.title)
	for _, part := range []float64{0, 0.5, 1} {
		at := float64(y) + svgPanel*(1-part)
		label := fmt.Sprintf("%g", most*part)
		if p.unit == "%" {
			label = fmt.Sprintf("%g%%", 100*most*part)
		}
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", svgLeft, at, svgWidth-svgRight, svgLeft-6, at+4, label)
	}
	step := tick(span)
	for at := time.Duration(0); at <= span; at += step {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", across(at, span), y+svgPanel+14, clock(at))
	}
	for i, line := range lines {
		fmt.Fprintf(b, `<path class="line l%d" d="`, i%4)
		for k, v := range line {
			at := time.Duration((float64(k) + 0.5) / svgColumns * float64(span))
			fmt.Fprintf(b, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[k == 0], across(at, span), float64(y)+svgPanel*(1-v/most))
		}
		b.WriteString("\"/>\n")
	}
}

func across(at, span time.Duration) float64 {
	return svgLeft + float64(svgWidth-svgLeft-svgRight)*float64(at)/float64(span)
}

// columns gives the mean of a quantity in each of so many equal parts of the span, until the report ends.
func (r Report) columns(of func(*Sample) float64, span time.Duration) []float64 {
	sum, held := make([]float64, svgColumns), make([]float64, svgColumns)
	width := float64(span) / svgColumns
	for i := range r.Samples {
		from, to := float64(r.Samples[i].At), float64(r.Span)
		if i+1 < len(r.Samples) {
			to = float64(r.Samples[i+1].At)
		}
		for k := int(from / width); k < svgColumns && float64(k)*width < to; k++ {
			d := min(to, float64(k+1)*width) - max(from, float64(k)*width)
			sum[k] += of(&r.Samples[i]) * max(0, d)
			held[k] += max(0, d)
		}
	}
	line := make([]float64, 0, svgColumns)
	for k := range sum {
		if held[k] == 0 {
			break
		}
		line = append(line, sum[k]/held[k])
	}
	return line
}

// ceiling rounds up to 1, 2 or 5 times a power of ten; parts stay within 1.
func ceiling(most float64, unit string) float64 {
	at := 1.0
	if unit == "%" {
		at = 0.01
	}
	for {
		for _, f := range []float64{1, 2, 5} {
			if at*f >= most {
				return at * f
			}
		}
		at *= 10
	}
}

// tick gives the least step of the time axis that makes at most eight.
func tick(span time.Duration) time.Duration {
	const s, m, h = time.Second, time.Minute, time.Hour
	for _, step := range []time.Duration{s, 5 * s, 10 * s, 30 * s, m, 5 * m, 15 * m, 30 * m, h, 2 * h, 6 * h, 12 * h, 24 * h} {
		if span <= 8*step {
			return step
		}
	}
	return span / 8
}

func clock(at time.Duration) string {
	if at < time.Minute && at > 0 {
		return fmt.Sprintf("%ds", at/time.Second)
	}
	return fmt.Sprintf("%d:%02d", at/time.Hour, at%time.Hour/time.Minute)
}
