package oplog

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// The modules and operation types that the product documentation lists.
const documentedCatalog = `
customer | Customer | create, copy, delete, batch_import, batch_export, batch_delete, merge
wechat_page | WeChat Page | create, copy, edit, delete
wechat_page_module | WeChat Page custom module | create, copy, edit, delete
wechat_broadcast | WeChat official account broadcast record | create, copy, edit, delete
wechat_qrcode | WeChat official account QR code | create, copy, edit, delete, import, export
wechat_template_message | WeChat template message | create, copy, edit, delete, send, sync
wechat_menu_message | WeChat menu message | create, copy, edit, delete
wechat_coupon | WeChat Coupons | create, copy, edit, delete, sync
merchant_coupon | WeChat Merchant Center Coupon | create, copy, delete, import
merchant_red_pocket | WeChat Red Pocket in WeChat Merchant Center | create, copy, edit, delete
merchant_commodity | WeChat Merchant Center Commodity Management | create, copy, edit, delete, export
merchant_order | WeChat Merchant Center Order Management | export
wechat_auto_reply | WeChat official account automatic reply | create, copy, edit, delete
wechat_menu | WeChat official account custom menu | create, copy, edit, delete
wechat_tag | WeChat tags | create, copy, edit, delete
sms | SMS | create, copy, edit, delete, send
email | Email | create, copy, edit, delete, send
auto_flow | Auto-flow | create, copy, edit, delete, start, stop
`

func TestBuiltInCatalogIsDocumented(t *testing.T) {
	var got strings.Builder
	pairs := 0
	for _, m := range BuiltInCatalog().Modules {
		fmt.Fprintf(&got, "\n%s | %s | %s", m.Key, m.Title.EN, strings.Join(m.Operations, ", "))
		pairs += len(m.Operations)
	}
	if got.String()+"\n" != documentedCatalog {
		t.Errorf("the catalog is%s\nwant%s", got.String(), documentedCatalog)
	}
	if n := len(BuiltInCatalog().Modules); n != 18 || pairs != 82 {
		t.Errorf("%d modules and %d pairs, want 18 and 82", n, pairs)
	}
}

func TestCatalogHasTitlesInBothLanguages(t *testing.T) {
	key := regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	seen := map[string]bool{}
	f := func(kind, k string, title Title) {
		t.Helper()
		if !key.MatchString(k) {
			t.Errorf("%s %q is no key", kind, k)
		}
		if title.EN == "" || strings.ContainsFunc(title.EN, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s %s: English title %q", kind, k, title.EN)
		}
		if !strings.ContainsFunc(title.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s %s: Chinese title %q", kind, k, title.ZH)
		}
		for _, name := range []string{k, title.EN, title.ZH} {
			if seen[kind+name] {
				t.Errorf("%s %s: %q stands twice", kind, k, name)
			}
		}
		for _, name := range []string{k, title.EN, title.ZH} {
			seen[kind+name] = true
		}
		if title.In("zh-CN") != title.ZH || title.In("en") != title.EN || title.In("fr") != title.EN {
			t.Errorf("%s %s: titles by locale", kind, k)
		}
	}
	for _, m := range BuiltInCatalog().Modules {
		f("module", m.Key, m.Title)
	}
	for _, o := range BuiltInCatalog().Operations {
		f("operation", o.Key, o.Title)
	}
}

func TestCatalogIsConsistent(t *testing.T) {
	c := BuiltInCatalog()
	used := map[string]bool{}
	for _, m := range c.Modules {
		if got, ok := c.Module(m.Key); !ok || got.Key != m.Key {
			t.Errorf("module %s is not found", m.Key)
		}
		if m.Allows("create") != m.Allows("copy") {
			t.Errorf("module %s allows one of create and copy", m.Key)
		}
		for _, o := range m.Operations {
			if _, ok := c.Operation(o); !ok {
				t.Errorf("module %s allows %s, which the catalog does not have", m.Key, o)
			}
			used[o] = true
		}
	}
	groups := map[Group]int{}
	for _, o := range c.Operations {
		groups[o.Group]++
		if !used[o.Key] {
			t.Errorf("operation %s is of no module", o.Key)
		}
	}
	for _, g := range []Group{GroupDestructive, GroupOutward, GroupCreate, GroupChange} {
		if groups[g] == 0 {
			t.Errorf("no operation is %s", g)
		}
		delete(groups, g)
	}
	if len(groups) > 0 {
		t.Errorf("unknown groups %v", groups)
	}
	if _, ok := c.Module("nothing"); ok {
		t.Error("a module that does not exist is found")
	}
	if _, ok := c.Operation(""); ok {
		t.Error("an operation that does not exist is found")
	}
}
