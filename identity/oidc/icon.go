package oidc

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

const maxIcon = 32 << 10

// Icon returns the provider's icon with its media type; "" if it has none. An SVG can hold scripts: it is to be sent with a
// Content-Security-Policy of "default-src 'none'; style-src 'unsafe-inline'; sandbox", and shown by img.
func (p *Provider) Icon() (mediaType string, icon []byte, err error) { return p.config.icon() }

func (c *Config) icon() (mediaType string, icon []byte, err error) {
	if c.IconFile == "" {
		return "", nil, nil
	}
	icon, err = readFile(c.IconFile, maxIcon)
	switch {
	case err != nil:
		return "", nil, err
	case bytes.HasPrefix(icon, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png", icon, nil
	case isSVG(icon):
		return "image/svg+xml", icon, nil
	}
	return "", nil, fmt.Errorf("%s is neither an SVG nor a PNG", c.IconFile)
}

// isSVG reports whether the outermost element is that of an SVG.
func isSVG(text []byte) bool {
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if first, ok := token.(xml.StartElement); ok {
			return first.Name.Local == "svg" && first.Name.Space == "http://www.w3.org/2000/svg"
		}
	}
}
