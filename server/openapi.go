package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/server/wire"
)

// apiConfig returns Huma's settings. Huma's own paths are off: its documentation page loads from the web, and the schemas are in the
// document.
func apiConfig(o Options) huma.Config {
	config := huma.DefaultConfig("oplog", o.Version)
	config.Servers = []*huma.Server{{URL: cmp.Or(o.BasePath, "/"), Description: "This server."}}
	config.Tags = chapterTags()
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.Schemas = wire.NewSchemas()
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[jsonValue](), reflect.TypeFor[any]())
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "Session of a signed-in user."},
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key of a program."},
	}
	config.Info.Description = "The operation log of a business system: who did what to which object, and when."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{"application/json": wire.Format, "json": wire.Format}
	config.Transformers = []huma.Transformer{wire.TidyProblem}
	return config
}

// OpenAPI returns the indented OpenAPI document.
func (s *Server) OpenAPI() ([]byte, error) { return s.spec() }

func (s *Server) describe() ([]byte, error) {
	spec, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return append(spec, '\n'), nil
}

func (s *Server) sendOpenAPI(c *fiber.Ctx) error {
	if err := checkSite(c); err != nil {
		return err
	}
	spec, err := s.OpenAPI()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, wire.JSONType)
	return c.Send(spec)
}
