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
	// compressFrom is the minimum size of compressed responses: shorter ones fit into one packet as they are.
	compressFrom = 1400

	// Higher levels take twice the time for a few percent.
	gzipLevel   = 5
	brotliLevel = 4
)

// compressible are the media types worth compressing, besides text/….
var compressible = []string{JSONType, ProblemType, NDJSONType, "image/svg+xml", "application/manifest+json"}

// Compress compresses a response in the encoding that the client prefers.
//
// Streams stay uncompressed: events would be delayed, and export files support ranges. So do responses with an ETag, which identifies the
// exact bytes: console.go compresses the console's files once.
//
// BREACH derives a secret from the lengths of compressed responses that contain it together with text of the attacker, who must make a
// browser repeat the request and observe the lengths. No response to GET contains a secret of the program: sessions are in HttpOnly cookies
// that no body repeats, no form has a token, and a page does not repeat its query. The one response with a secret, a new API key, is marked
// no-transform, so that proxies do not compress it either.
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
	// Gzip if both are equally preferred: it takes a third of the time for a fifth more bytes.
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

// SkipCompression keeps a response with a secret from being compressed, here and by proxies.
func SkipCompression(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store, "+noTransform)
}

// WorthCompressing reports whether compression makes a body clearly shorter.
func WorthCompressing(contentType string, size int) bool {
	return size >= compressFrom && isCompressible(contentType)
}

func isCompressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(media, "text/") || slices.Contains(compressible, media)
}

// PreferredEncoding returns the offered encoding that an Accept-Encoding prefers (RFC 9110, 12.5.3), the first of equals; "" for none.
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

// weightsOf parses an Accept-Encoding. Invalid weights count as 0.
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
