package wire

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// ReasonType begins the types of problems that have a reason for programs.
const ReasonType = "urn:oplog:"

// ProblemBody is an error response (RFC 9457). Codes and parameters are extension members: programs tell errors apart by them, and the
// console writes them in its language.
type ProblemBody struct {
	Type   string         `json:"type,omitempty" format:"uri" doc:"urn:oplog: and the reason, such as urn:oplog:account-exists, for errors that programs may want to tell apart; omitted otherwise."`
	Title  string         `json:"title,omitempty" doc:"Name of the status."`
	Status int            `json:"status,omitempty" doc:"HTTP status."`
	Detail string         `json:"detail,omitempty" doc:"The problem and its remedy, in English."`
	Params map[string]any `json:"params,omitempty" doc:"Parameters of the reason, which detail contains, such as username."`
	Errors []*ErrorDetail `json:"errors,omitempty" doc:"The invalid fields; at most 100."`
}

// ErrorDetail is an invalid field.
type ErrorDetail struct {
	Location string         `json:"location,omitempty" doc:"Where the field is, such as body.entries[3].user.id or query.from."`
	Code     string         `json:"code,omitempty" doc:"The violated rule, such as too_long. More may be added."`
	Params   map[string]any `json:"params,omitempty" doc:"Parameters of the rule, such as max."`
	Message  string         `json:"message,omitempty" doc:"The rule and how to satisfy it, in English."`
	Value    any            `json:"value,omitempty" doc:"The value as sent, shortened if it is long."`
}

// Error makes problems errors.
func (p *ProblemBody) Error() string { return p.Detail }

// GetStatus returns the HTTP status, for Huma.
func (p *ProblemBody) GetStatus() int { return p.Status }

// ContentType returns the media type, for Huma.
func (p *ProblemBody) ContentType(string) string { return ProblemType }

func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := newProblem(status, message)
		for _, err := range errs {
			var detailer huma.ErrorDetailer
			switch {
			case err == nil:
			case len(p.Errors) >= MaxFieldErrors:
				p.Errors = append(p.Errors, &ErrorDetail{}) // only counted: see limitErrors
			case errors.As(err, &detailer):
				p.Errors = append(p.Errors, violationOf(detailer.ErrorDetail()))
			default:
				p.Errors = append(p.Errors, violationOf(&huma.ErrorDetail{Message: err.Error()}))
			}
		}
		return p
	}
}

// schemaRule is a rule of Huma's validation: the code, the pattern of its message, and the names of its parameters.
type schemaRule struct {
	code    string
	message *regexp.Regexp
	params  []string
}

// schemaRules are the rules that the tags of the API's types use. Huma's errors have a text and a place, but neither a code nor parameters, so
// these are found in the text. Each pattern is made from the variable with which Huma formats the text, so the two cannot differ, and a
// violation of a rule that is not listed here has the code "invalid".
var schemaRules = []schemaRule{
	newSchemaRule("unknown_field", validation.MsgUnexpectedProperty),
	newSchemaRule("required_property", validation.MsgExpectedRequiredProperty, "name"),
	newSchemaRule("not_one_of", validation.MsgExpectedOneOf, "allowed"),
	newSchemaRule("too_short", validation.MsgExpectedMinLength, "min"),
	newSchemaRule("too_long", validation.MsgExpectedMaxLength, "max"),
	newSchemaRule("too_many", validation.MsgExpectedMaxItems, "max"),
	newSchemaRule("too_low", validation.MsgExpectedMinimumNumber, "min"),
	newSchemaRule("not_a_time", validation.MsgExpectedRFC3339DateTime),
	newSchemaRule("not_a_date", validation.MsgExpectedRFC3339Date),
	newSchemaRule("not_a_boolean", validation.MsgExpectedBoolean),
	newSchemaRule("not_a_number", validation.MsgExpectedNumber),
	newSchemaRule("not_a_number", validation.MsgExpectedInteger),
	newSchemaRule("not_a_string", validation.MsgExpectedString),
	newSchemaRule("not_an_array", validation.MsgExpectedArray),
	newSchemaRule("not_an_object", validation.MsgExpectedObject),
	newSchemaRule("neither_string_nor_list", validation.MsgExpectedMatchExactlyOneSchema),
}

func newSchemaRule(code, message string, params ...string) schemaRule {
	pattern := regexp.QuoteMeta(message)
	for _, verb := range []string{"%d", "%s", "%v"} {
		pattern = strings.ReplaceAll(pattern, verb, "(.*)")
	}
	return schemaRule{code, regexp.MustCompile("^" + pattern + "$"), params}
}

// violationOf gives an error of Huma's validation its code and its parameters.
func violationOf(d *huma.ErrorDetail) *ErrorDetail {
	e := &ErrorDetail{Location: d.Location, Code: "invalid", Message: d.Message, Value: d.Value}
	for _, rule := range schemaRules {
		found := rule.message.FindStringSubmatch(d.Message)
		if found == nil {
			continue
		}
		e.Code = rule.code
		for i, name := range rule.params {
			if e.Params == nil {
				e.Params = make(map[string]any, len(rule.params))
			}
			if n, err := strconv.Atoi(found[i+1]); err == nil {
				e.Params[name] = n
			} else {
				e.Params[name] = found[i+1]
			}
		}
		break
	}
	if d.Message == validation.MsgExpectedMatchExactlyOneSchema {
		e.Message = "is neither a string nor a list of strings" // the only fields with two types
	}
	return e
}
