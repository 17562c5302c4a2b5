import { featureMessages } from './language'
import { optionsEn } from './options.en'
import { optionsZh } from './options.zh'

/** The common texts, and those of the table options, which load with them. */
export const useOptionsMessages = featureMessages(optionsEn, optionsZh)
