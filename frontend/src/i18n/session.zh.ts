import type { Widen } from './en'
import type { sessionEn } from './session.en'
import { spaced } from './spacing'

export const sessionZh: Widen<typeof sessionEn> = {
  signIn: '登录',
  signInTitle: '登录',
  sessionEnded: '会话已结束，重新登录后将回到刚才的页面。',
  wrongWords: '用户名或密码错误。',
  signInFailed: (detail) => `登录失败：${detail}`,
  setupTitle: '初始化 oplog',
  setupText: '创建第一个租户和您的所有者账号。',
  setupCode: '初始化码',
  setupCodeHint: '位于 oplog 启动时打印的网址末尾。',
  setupCodeWrong: '初始化码无效。oplog 每次启动都会打印新的初始化码，位于网址末尾。',
  setupCodeNeeded: '初始化码无效，请输入 oplog 最近一次启动时打印的初始化码。',
  tenantNameHint: '此日志所属的公司或产品。',
  tenantIdHint: '用于网址和 API 调用，之后不可更改。',
  passwordHint: '至少 12 个字符。',
  setupFailed: (detail: string) => `初始化失败：${detail}`,
  setUp: '完成初始化',
  firstKey: '首个密钥',
  tenantName: '租户名称',
  tenantId: '租户 ID',
  dataPermission: '按组织限制可见范围',
  nothingHere: '此账号在这里没有可用的内容',
  nothingHereText: (name) => `${spaced('您当前以', name, '登录')}。请返回之前的页面，或使用其他账号登录。`,
  chooseTenant: '选择租户',
  noTenant: '还没有租户',
  noTenantText: '一个租户对应一家公司或一个产品，各租户的日志相互隔离。',
  addTenant: '添加租户',
}
