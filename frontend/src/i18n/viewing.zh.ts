import type { Widen } from './en'
import { spaced } from './spacing'
import type { viewingEn } from './viewing.en'

export const viewingZh: Widen<typeof viewingEn> = {
  viewingLabel: '他人的视角',
  viewing: (name, role, scope) => `${spaced('您正在以', name, '的视角查看日志')}（${role}，${scope}）。`,
  readOnly: '此时不能更改或导出任何内容。',
  ended: (name) => `${spaced('账号已变更，以', name, '的视角查看已结束')}。请停止查看，以恢复您自己的视角。`,
  stop: '停止查看',
  nothing: '看不到任何内容',
  notStopped: (detail) => `未能停止查看：${detail}`,

  confirmTitle: '确认是您本人',
  confirmText: '此操作无法撤销。确认后五分钟内有效。',
  confirm: '确认',
  passwordOf: (source) => spaced('您在', source, '的密码'),
  atProvider: (source) =>
    `${spaced('您的密码由', source, '保管')}。请在那里重新登录；之后会回到此页面，请再次执行刚才的操作。`,
  goToProvider: (source) => spaced('前往', source),
  other: '其他方式：',
  ways: {
    password: '密码',
    provider: '重新登录',
    totp: '验证码',
    passkey: '通行密钥',
    recovery_code: '恢复码',
  },
  outcomes: {
    done: '已确认。请在五分钟内再次执行刚才的操作。',
    'other-person': '未确认：在那里登录的是另一个人。',
    denied: '未确认：在那里的登录已取消。',
    unavailable: '未确认：身份提供方没有响应。',
    failed: '未确认：在那里登录失败。',
  },
}
