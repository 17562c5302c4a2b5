import { type IntegrationWords, integrationEn } from './integration.en'
import { integrationZh } from './integration.zh'
import { useLanguage } from './language'

/** The texts of the integration page, which load with it. */
export function useIntegrationWords(): IntegrationWords {
  return useLanguage().tag === 'en' ? integrationEn : integrationZh
}
