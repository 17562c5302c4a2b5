package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// asciiSigns has pairs of an ASCII text and the characters that become it: Latin letters that Unicode does not decompose to an ASCII one, as in
// Lucene's ASCIIFoldingFilter, and signs. All are folded (see foldAny).
const asciiSigns = `
" «»“”„❝❞❮❯  % ⁒  ' ‘’‚‛′‵‹›❛❜  ( ❨❪  (( ⸨  ) ❩❫  )) ⸩  * ⁎  - ‐‒–—  / ⁄  0 ⓿  1 ⓵❶➀➊  10 ⓾❿➉➓  11 ⓫  12 ⓬  13 ⓭  14 ⓮
15 ⓯  16 ⓰  17 ⓱  18 ⓲  19 ⓳  2 ⓶❷➁➋  20 ⓴  3 ⓷❸➂➌  4 ⓸❹➃➍  5 ⓹❺➄➎  6 ⓺❻➅➏  7 ⓻❼➆➐  8 ⓼❽➇➑  9 ⓽❾➈➒  ; ⁏  < ❬❰  > ❭❱
[ ⁅❲  ] ⁆❳  ^ ‸  a ɐəɚᴀᶏᶕⱥ  aa ꜳ  ae æǣǽᴁᴂ  ao ꜵ  au ꜷ  av ꜹꜻ  ay ꜽ  b ƀƃɓʙᴃᵬᶀ  c ƈȼɕʗᴄↄꜿ  d ðđƌȡɖɗᴅᴆᵭᶁᶑꝺ  db ȸ  dz ʣʥ
e ǝɇɘɛɜɝɞʚᴇᴈᶒᶓᶔⱸⱻ  f ƒᵮᶂꜰꝼꟻ  g ǥǧɠɡɢʛᵷᵹᶃꝿ  h ħɥɦʜʮʯⱨⱶ  hv ƕ  i ıɨɪᴉᵻᵼᶖꟾ  j ȷɉɟʄʝᴊ  k ƙʞᴋᶄⱪꝁꝃꝅ  l łƚȴɫɬɭʟᴌᶅⱡꝇꝉꞁ  ll ỻ
ls ʪ  lz ʫ  m ɯɰɱᴍᵯᶆꟽꟿ  n ŋƞȵɲɳɴᴎᵰᶇ  o øǿɔɵᴏᴐᴖᴗᶗⱺꝋꝍ  oe œɶᴔ  oo ꝏ  ou ȣᴕ  p ƥᴘᵱᵽᶈꝑꝓꝕꟼ  q ĸɋʠꝗꝙ  qp ȹ  r ɍɼɽɾɿʀʁᴙᴚᵲᵳᶉꝛꞃ
s ȿʂᵴᶊẜẝꜱꞅ  t ŧƫƭȶʇʈᴛᵵⱦ  tc ʨ  th þᵺꝧ  ts ʦ  tz ꜩ  u ʉᴜᵾᶙ  ue ᵫ  v ʋʌᴠᶌⱱⱴꝟ  vy ꝡ  w ƿʍᴡⱳ  x ᶍ  y ƴɏʎʏỿ  z ƶȝȥɀʐʑᴢᵶᶎⱬꝣ
{ ❴  } ❵  ~ ⁓
`

// asciiOf has the ASCII text that a folded character becomes.
var asciiOf = readASCII()

func readASCII() map[rune]string {
	all := make(map[rune]string)
	for r := range rune(0x2000) { // beyond, Unicode decomposes no Latin letter
		if base := norm.NFD.String(string(r))[0]; unicode.Is(unicode.Latin, r) && base < utf8.RuneSelf {
			all[r] = string(rune(base))
		}
	}
	pairs := strings.Fields(asciiSigns)
	for i := 0; i < len(pairs); i += 2 {
		for _, r := range pairs[i+1] {
			all[r] = pairs[i]
		}
	}
	return all
}

// toASCII replaces Latin letters with accents, and signs, by ASCII.
func toASCII(s string) string {
	var b strings.Builder
	from := 0
	for i, r := range s {
		if r < utf8.RuneSelf || r > '\u2e29' && r < '\ua729' { // the latter are ideographs
			continue
		}
		if text, found := asciiOf[r]; found {
			b.WriteString(s[from:i])
			b.WriteString(text)
			from = i + utf8.RuneLen(r)
		}
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}
