package oplog

import (
	"slices"
)

// Catalog lists a tenant's modules and the operation types that each allows.
type Catalog struct {
	Modules    []Module    `json:"modules" doc:"Built-in ones first."`
	Operations []Operation `json:"operations" doc:"Built-in ones first."`
}

// Module is a functional module of the host system.
type Module struct {
	Key        string   `json:"key" doc:"Key used in entries."`
	Title      Title    `json:"title"`
	Operations []string `json:"operations" doc:"Keys of the allowed operation types."`
	Added      []string `json:"added,omitempty" doc:"For a built-in module: the operation types that the tenant added."`
	BuiltIn    bool     `json:"built_in,omitempty" doc:"Whether it is built in."`
	Retired    bool     `json:"retired,omitempty" doc:"Rejected in new entries, still displayed."`
}

// Operation is an operation type.
type Operation struct {
	Key   string `json:"key" doc:"Key used in entries."`
	Title Title  `json:"title"`
	Group Group  `json:"group" enum:"destructive,outward,create,change" doc:"Effect on the data."`

	BuiltIn bool `json:"built_in,omitempty" doc:"Whether it is built in."`
	Retired bool `json:"retired,omitempty" doc:"Rejected in new entries, still displayed."`
}

// Title is a display name in the languages of the console.
type Title struct {
	EN string `json:"en" doc:"In English."`
	ZH string `json:"zh-CN" doc:"In Chinese."`
}

// In returns the title in a locale: "zh-CN", or English for any other.
func (t Title) In(locale string) string {
	if locale == LocaleZH {
		return t.ZH
	}
	return t.EN
}

// The locales of the console, accounts and exports.
const (
	LocaleEN = "en"
	LocaleZH = "zh-CN"
)

// Group classifies operation types by their effect on data.
type Group string

// The groups: destroys data, sends data out, creates data, and everything else.
const (
	GroupDestructive Group = "destructive"
	GroupOutward     Group = "outward"
	GroupCreate      Group = "create"
	GroupChange      Group = "change"
)

// Module returns the module with the given key.
func (c *Catalog) Module(key string) (Module, bool) {
	i := slices.IndexFunc(c.Modules, func(m Module) bool { return m.Key == key })
	if i < 0 {
		return Module{}, false
	}
	return c.Modules[i], true
}

// Operation returns the operation type with the given key.
func (c *Catalog) Operation(key string) (Operation, bool) {
	i := slices.IndexFunc(c.Operations, func(o Operation) bool { return o.Key == key })
	if i < 0 {
		return Operation{}, false
	}
	return c.Operations[i], true
}

// ModuleKeys returns the keys of all modules that are not retired, in the catalog's order.
func (c *Catalog) ModuleKeys() []string {
	keys := make([]string, 0, len(c.Modules))
	for _, m := range c.Modules {
		if !m.Retired {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

// allowed returns the module's operation types that are not retired.
func (c *Catalog) allowed(m Module) []string {
	return slices.DeleteFunc(slices.Clone(m.Operations), c.retired)
}

// retired reports whether an operation type is rejected in new entries.
func (c *Catalog) retired(operation string) bool {
	o, _ := c.Operation(operation)
	return o.Retired
}

// Allows reports whether the module allows an operation type.
func (m Module) Allows(operation string) bool { return slices.Contains(m.Operations, operation) }

// BuiltInCatalog returns the catalog that every tenant starts with: 18 modules and 82 pairs of module and operation type.
func BuiltInCatalog() *Catalog { return &builtIn }

func builtInModule(key, en, zh string, operations ...string) Module {
	return Module{Key: key, Title: Title{en, zh}, Operations: operations, BuiltIn: true}
}

var builtIn = Catalog{
	Operations: []Operation{
		{"create", Title{"Create", "新建"}, GroupCreate, true, false},
		{"copy", Title{"Copy", "复制"}, GroupCreate, true, false},
		{"edit", Title{"Edit", "编辑"}, GroupChange, true, false},
		{"delete", Title{"Delete", "删除"}, GroupDestructive, true, false},
		{"batch_delete", Title{"Batch delete", "批量删除"}, GroupDestructive, true, false},
		{"import", Title{"Import", "导入"}, GroupCreate, true, false},
		{"batch_import", Title{"Batch import", "批量导入"}, GroupCreate, true, false},
		{"export", Title{"Export", "导出"}, GroupOutward, true, false},
		{"batch_export", Title{"Batch export", "批量导出"}, GroupOutward, true, false},
		{"send", Title{"Send", "发送"}, GroupOutward, true, false},
		{"sync", Title{"Sync", "同步"}, GroupChange, true, false},
		{"merge", Title{"Merge", "合并"}, GroupChange, true, false},
		{"start", Title{"Start", "启动"}, GroupChange, true, false},
		{"stop", Title{"Stop", "停止"}, GroupChange, true, false},
	},
	Modules: []Module{
		builtInModule("customer", "Customer", "客户", "create", "copy", "delete", "batch_import", "batch_export", "batch_delete", "merge"),
		builtInModule("wechat_page", "WeChat Page", "微信页面", "create", "copy", "edit", "delete"),
		builtInModule("wechat_page_module", "WeChat Page custom module", "微信页面自定义模块", "create", "copy", "edit", "delete"),
		builtInModule("wechat_broadcast", "WeChat official account broadcast record", "公众号群发记录", "create", "copy", "edit", "delete"),
		builtInModule("wechat_qrcode", "WeChat official account QR code", "公众号二维码", "create", "copy", "edit", "delete", "import", "export"),
		builtInModule("wechat_template_message", "WeChat template message", "微信模板消息", "create", "copy", "edit", "delete", "send", "sync"),
		builtInModule("wechat_menu_message", "WeChat menu message", "微信菜单消息", "create", "copy", "edit", "delete"),
		builtInModule("wechat_coupon", "WeChat Coupons", "微信卡券", "create", "copy", "edit", "delete", "sync"),
		builtInModule("merchant_coupon", "WeChat Merchant Center Coupon", "微信商户平台代金券", "create", "copy", "delete", "import"),
		builtInModule("merchant_red_pocket", "WeChat Red Pocket in WeChat Merchant Center", "微信商户平台红包", "create", "copy", "edit", "delete"),
		builtInModule("merchant_commodity", "WeChat Merchant Center Commodity Management", "微信商户平台商品管理", "create", "copy", "edit", "delete", "export"),
		builtInModule("merchant_order", "WeChat Merchant Center Order Management", "微信商户平台订单管理", "export"),
		builtInModule("wechat_auto_reply", "WeChat official account automatic reply", "公众号自动回复", "create", "copy", "edit", "delete"),
		builtInModule("wechat_menu", "WeChat official account custom menu", "公众号自定义菜单", "create", "copy", "edit", "delete"),
		builtInModule("wechat_tag", "WeChat tags", "微信标签", "create", "copy", "edit", "delete"),
		builtInModule("sms", "SMS", "短信", "create", "copy", "edit", "delete", "send"),
		builtInModule("email", "Email", "邮件", "create", "copy", "edit", "delete", "send"),
		builtInModule("auto_flow", "Auto-flow", "自动化流程", "create", "copy", "edit", "delete", "start", "stop"),
	},
}
