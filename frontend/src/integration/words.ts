import { type IntegrationWords, integrationEn } from '../i18n/integration.en'
import { integrationZh } from '../i18n/integration.zh'
import { useLanguage } from '../i18n/language'

/** The words of the integration page, which load with it. */
export function useIntegrationWords(): IntegrationWords {
  return useLanguage().tag === 'en' ? integrationEn : integrationZh
}
