import { type AdminMessages, adminEn } from './admin.en'
import { adminZh } from './admin.zh'
import { useLanguage } from './language'

/** The texts of the settings, which load with them. */
export function useAdminMessages(): AdminMessages {
  return useLanguage().tag === 'en' ? adminEn : adminZh
}
