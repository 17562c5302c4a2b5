import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { type ReactNode, useMemo } from 'react'
import { useSystemDark } from '../frame/viewport'
import { useLanguage } from '../i18n/language'
import { antdTheme } from './antd'

/** The console's colours, sizes and language for what is Ant Design's. It stands around that alone, so that no other page loads it. */
export function AntTheme({ children }: { children: ReactNode }) {
  const { tag } = useLanguage()
  const isDark = useSystemDark()
  const theme = useMemo(() => antdTheme(isDark), [isDark])
  return (
    <ConfigProvider
      theme={theme}
      locale={tag === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
      wave={{ disabled: true }}
    >
      {children}
    </ConfigProvider>
  )
}
