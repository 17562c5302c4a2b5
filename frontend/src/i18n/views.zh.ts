import type { Widen } from './en'
import type { viewsEn } from './views.en'

export const viewsZh: Widen<typeof viewsEn> = {
  savedViews: {
    own: '我的视图',
    shared: '共享视图',
    none: '还没有保存的视图。设置好常用的筛选条件后，命名保存即可。',
    by: (name) => `由 ${name} 共享`,
    sharedTag: '已共享',
    startWith: (name) => `将“${name}”设为默认视图`,
    startsHere: (name) => `“${name}”是默认视图；点击取消`,
    change: (name) => `编辑“${name}”`,
    changeTitle: '编辑视图',
    remove: (name) => `删除“${name}”`,
    removeAsk: (name, shared) => (shared ? `为所有人删除“${name}”？` : `删除“${name}”？`),
    save: '保存当前视图',
    saveButton: '保存',
    name: '名称',
    holds: (filters) => `筛选条件：${filters}`,
    fresh: '改用当前的筛选条件',
    withTable: '包含列设置和行高',
    start: '设为我的默认视图',
    share: '共享给所有可查看此日志的人',
    failed: (detail) => `无法读取或修改视图：${detail}`,
    notSaved: (detail) => `无法保存视图：${detail}`,
  },
}
