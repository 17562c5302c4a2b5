import { helpEn } from './help.en'
import { helpZh } from './help.zh'
import { featureMessages } from './language'

/** The common texts, and those of the help, which load with it. */
export const useHelpMessages = featureMessages(helpEn, helpZh)
