import { type IntegrationMessages, integrationEn } from './integration.en'
import { integrationZh } from './integration.zh'
import { useLanguage } from './language'

/** The texts of the integration page, which load with it. */
export function useIntegrationMessages(): IntegrationMessages {
  return useLanguage().tag === 'en' ? integrationEn : integrationZh
}
