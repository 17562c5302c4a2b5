//go:build !packed

package docs

import "embed"

//go:embed page.html style.css tokens.css README.md first-hour.md install.md configure.md integrate.md contract.md api.md operate.md sign-in.md three-nodes.md archive.md security.md compliance.md troubleshooting.md zh
var files embed.FS
