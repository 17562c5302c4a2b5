import { helpEn } from './help.en'
import { helpZh } from './help.zh'
import { featureWords } from './language'

/** The common texts, and those of the help, which load with it. */
export const useHelpWords = featureWords(helpEn, helpZh)
