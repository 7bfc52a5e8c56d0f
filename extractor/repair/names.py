"""Names of months, units of time and currencies, in the languages of documents: for reading answers and for grounding.

MONTHS["märz"]     ->  {3}
MONTHS["listopada"] -> {10, 11}    (Croatian and Polish)
UNITS["weeks"]     ->  (0, 604800)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set

__all__ = ["CURRENCIES", "DAY_FIRST", "MONTHS", "UNITS"]

_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may jun jul aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca",
    "január február március április május június július augusztus szeptember október november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου "
    "δεκεμβρίου",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "януари февруари март април май юни юли август септември октомври ноември декември",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
    "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר",
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর",
)
_SHORT = (
    "jänner feber maerz apr mai jun jul aug sept okt nov dez",
    "janv févr mars avr mai juin juil aout sept oct nov déc",
    "janvier fevrier mar avr mai jui juill aoû sep oct nov decembre",
    "ene feb mar abr may jun jul ago set oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan febr mrt apr mei jun jul aug sept okt nov dec",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
)


def _months() -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for names in (*_MONTHS, *_SHORT):
        for number, name in enumerate(names.split(), 1):
            found[name].add(number)
    return dict(found)


MONTHS: Mapping[str, Set[int]] = _months()
"""The numbers of the months that a name in lower case has, in whatever language."""

DAY_FIRST: Set[str] = {name for names in _SHORT for name in names.split()} - {
    name for names in _MONTHS for name in names.split()
}
"""Short names that no English month has. They name a month only behind a day, or right before a year: as words (`set`,
`out`, `mag`) they stand before any figures."""

_UNITS: dict[tuple[int, int], str] = {
    (0, 1): "second seconds sec secs s sekunde sekunden sek seconde secondes segundo segundos secondo secondi seconden "
    "sekund секунда секунду секунды секунд saniye saniyelik ثانية ثواني ثوان सेकंड सेकेंड सेकंडों",
    (0, 60): "minute minutes min mins minuten minuto minutos minuti minuut minuter minuta minuty minut 分 分钟 分鐘 "
    "分間 분 минута минуту минуты минут dakika dakikalık دقيقة دقائق मिनट मिनटों",
    (0, 3600): "hour hours hr hrs h stunde stunden std heure heures hora horas ora ore uur uren timme timmar godzina "
    "godziny godzin 时间 時間 小时 小時 시간 ساعة ساعات час часа часов saat saatlik घंटा घंटे घंटों घण्टा घण्टे घण्टों",
    (0, 86_400): "day days d tag tage tagen jour jours día días dia dias giorno giorni dag dagen dagar dzień dni dnia "
    "日 日間 天 일 يوم يوما أيام ايام день дня дней сутки суток gün günlük दिन दिनों दिवस",
    (0, 604_800): "week weeks wk wks woche wochen semaine semaines semana semanas settimana settimane weken vecka "
    "veckor tydzień tygodnie tygodni 週間 周 週 주 أسبوع أسبوعا أسابيع неделя неделю недели недель hafta haftalık "
    "सप्ताह सप्ताहों हफ़्ता हफ़्ते हफ़्तों हफ्ता हफ्ते हफ्तों",
    (1, 0): "month months monat monate monaten mois mes meses mese mesi maand maanden mês månad månader miesiąc "
    "miesiące miesięcy か月 ヶ月 カ月 个月 個月 개월 شهر شهرا أشهر اشهر شهور месяц месяца месяцев ay aylık "
    "महीना महीने महीनों माह मास",
    (12, 0): "year years jahr jahre jahren an ans année années año años anno anni jaar ano anos år rok lata lat "
    "年 年間 년 سنة سنوات عام عاما أعوام год года лет yıl yil yıllık sene साल सालों वर्ष वर्षों बरस",
}
UNITS: Mapping[str, tuple[int, int]] = {name: size for size, names in _UNITS.items() for name in names.split()}
"""The length of each unit of time as (months, seconds), by its name in lower case."""

_CURRENCIES = (
    "COD AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY "
    "TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
CURRENCIES = tuple(_CURRENCIES.split())
"""The codes of currencies, as in ISO 4217."""
