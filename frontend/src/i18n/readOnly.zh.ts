import type { Widen } from './en'
import type { readOnlyEn } from './readOnly.en'

export const readOnlyZh: Widen<typeof readOnlyEn> = {
  readOnly:
    '日志当前为只读状态，无法记录新操作，查询和导出不受影响。服务器磁盘可以写入后会自动恢复记录；如果服务器在此之前重启，需要重新登录。',
  readOnlyReason: '原因见“设置 › 系统”。',
}
