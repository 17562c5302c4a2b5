import { featureMessages } from './language'
import { viewsEn } from './views.en'
import { viewsZh } from './views.zh'

/** The common texts, and those of the panel of saved views, which load with it. */
export const useViewsMessages = featureMessages(viewsEn, viewsZh)
