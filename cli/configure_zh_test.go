package cli

// settingsInChinese says what the settings do, for the manual.
var settingsInChinese = map[string]string{
	"data":                   "数据目录；默认为用户在当前操作系统上的默认目录。",
	"listen":                 "监听地址（默认 127.0.0.1:8484）；端口为 0 时使用空闲端口。",
	"host":                   "除 localhost 之外服务器的主机名，可重复。发往其他主机名的请求会被拒绝。",
	"no_open":                "不打开浏览器。",
	"anchor":                 "位于其他机器上的文件夹，例如网络共享或 U 盘，每隔几分钟以及退出时写入所有日志和访问日志的检查点；必须已存在。",
	"witness":                "副署每个检查点的见证方：它输出的验证公钥及其 URL，可重复。",
	"insecure":               "允许其他机器不使用 HTTPS 连接：密码和记录可能在网络中被读取。",
	"base_path":              "位于反向代理之后时所有 URL 的路径，例如 /oplog。",
	"trusted_proxy":          "反向代理的网段，例如 10.0.0.5/32，信任其 X-Forwarded-For、-Proto 和 -Host 请求头，可重复。",
	"memory_limit":           "程序尽量不超过的内存，例如 512MiB 或 2GiB；默认为机器或容器内存的四分之三。",
	"tls.cert":               "HTTPS 证书。证书更新后无需重启即可生效。",
	"tls.key":                "证书的私钥，其他用户不得能够读取。",
	"metrics.listen":         "/metrics、/healthz 和 /readyz 的单独地址，在该地址访问不需要密钥。",
	"scrub.every":            "在后台检查存储的全部页和记录的间隔（默认 168h，即一周）；0 表示不检查。",
	"backup.dir":             "备份目录，最好位于其他机器的磁盘；必须已存在。所有者可以在控制台中立即备份，设置 --backup-every 则定时备份。",
	"backup.every":           "把日志备份到 --backup-dir 并通过恢复来验证的间隔，例如 24h；错过的备份在启动时补做。",
	"backup.keep":            "保留的已验证备份数量（默认 7）；0 表示全部保留。有更新的备份通过验证之后才删除较旧的；不是 oplog 写入的文件不会删除。",
	"backup.recipients":      "备份加密所用的 age 公钥（age1…），可重复。只有对应的私钥才能恢复备份：请另行保管。",
	"backup.recipients_file": "包含上述公钥的文件，每行一个。",
	"sign_command":           "代替 signing.key 进行签名的 shell 命令：从标准输入读取文本，输出 base64 编码的 Ed25519 签名。用 oplog key rotate 移交给它。",
}
