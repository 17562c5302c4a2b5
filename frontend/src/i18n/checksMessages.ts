import { checksEn } from './checks.en'
import { checksZh } from './checks.zh'
import { featureMessages } from './language'

/** The common texts, and those of the checks on the System page. */
export const useChecksMessages = featureMessages({ checks: checksEn }, { checks: checksZh })
