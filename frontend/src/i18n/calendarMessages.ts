import { calendarEn } from './calendar.en'
import { calendarZh } from './calendar.zh'
import { featureMessages } from './language'

/** The common texts, and those of dates to choose, which load with them. */
export const useCalendarMessages = featureMessages(calendarEn, calendarZh)
