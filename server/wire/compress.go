package wire

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const (
	// compressFrom is how long an answer is at least that is worth compressing:
	// a shorter one fits into one packet as it is.
	compressFrom = 1400

	// Levels past these take twice the time for a few percent.
	gzipLevel   = 5
	brotliLevel = 4
)

// compressible are the media types that become shorter, besides text/….
var compressible = []string{JSONType, ProblemType, NDJSONType, "image/svg+xml", "application/manifest+json"}

// Compress sends an answer in the encoding that the client prefers.
//
// Streams stay as they are: events would be held back, and the file of an export
// is asked for in parts. So does an answer with an ETag, which names its very
// bytes: console.go compresses the console's files, once.
//
// BREACH reads a secret off the lengths of compressed answers that hold it
// together with text of the attacker's, who must make a browser ask again and
// again and see how long the answers are. No answer to GET holds a secret of the
// program: sessions are in cookies that scripts cannot read and no body repeats,
// no form has a token, and a page does not repeat its query. The one answer that
// holds a secret, a new API key, says no-transform, and so does nobody compress
// it on the way either.
func Compress(c *fiber.Ctx) {
	answer := c.Response()
	if answer.IsBodyStream() || len(answer.Body()) == 0 || !isCompressible(string(answer.Header.ContentType())) ||
		len(answer.Header.Peek(fiber.HeaderETag)) > 0 || len(answer.Header.ContentEncoding()) > 0 ||
		bytes.HasSuffix(answer.Header.Peek(fiber.HeaderCacheControl), []byte(noTransform)) {
		return
	}
	answer.Header.Add(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	body := answer.Body()
	if len(body) < compressFrom {
		return
	}
	// Of equals gzip: it takes a third of the time for a fifth more bytes.
	switch encoding := PreferredEncoding(c.Get(fiber.HeaderAcceptEncoding), "gzip", "br"); encoding {
	case "gzip":
		answer.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, body, gzipLevel))
		answer.Header.SetContentEncoding(encoding)
	case "br":
		answer.SetBodyRaw(fasthttp.AppendBrotliBytesLevel(nil, body, brotliLevel))
		answer.Header.SetContentEncoding(encoding)
	}
}

const noTransform = "no-transform"

// KeepAsIs keeps an answer that holds a secret from being compressed, here and
// on its way.
func KeepAsIs(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store, "+noTransform)
}

// WorthCompressing tells whether a body becomes clearly shorter.
func WorthCompressing(contentType string, size int) bool {
	return size >= compressFrom && isCompressible(contentType)
}

func isCompressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(media, "text/") || slices.Contains(compressible, media)
}

// PreferredEncoding returns which of the encodings that are offered an Accept-Encoding
// prefers (RFC 9110, 12.5.3), the first of equals; "" for none of them.
func PreferredEncoding(accepts string, offered ...string) string {
	if accepts == "" {
		return ""
	}
	weights := weightsOf(accepts)
	best, most := "", weights["identity"]
	for _, encoding := range offered {
		weight, named := weights[encoding]
		if !named {
			weight = weights["*"]
		}
		if weight > most || best == "" && weight > 0 && weight == most {
			best, most = encoding, weight
		}
	}
	return best
}

// weightsOf reads an Accept-Encoding. A weight that is none counts as 0.
func weightsOf(accepts string) map[string]float64 {
	weights := make(map[string]float64)
	for part := range strings.SplitSeq(accepts, ",") {
		name, rest, isWeighed := strings.Cut(part, ";")
		weight := 1.0
		if isWeighed {
			value, isWeight := strings.CutPrefix(strings.ToLower(strings.TrimSpace(rest)), "q=")
			w, err := strconv.ParseFloat(value, 64)
			if !isWeight || err != nil || !(w >= 0 && w <= 1) {
				w = 0
			}
			weight = w
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name == "x-gzip" {
			name = "gzip"
		}
		weights[name] = weight
	}
	return weights
}
