# ruff: noqa: E501, SIM905
"""The words that samples/make_register.py builds its register from. All of it is invented."""

from __future__ import annotations

PREAMBLE = """THE REGISTER OF COMPANIES OF THE SEVEN DISTRICTS

Kept at the Chancery of Orrenmouth and printed once a year by order of the Estates.

In five parts: I. Entries, by district. II. Officers, by month of notice. III. Changes of capital and of seat. IV. Notes
of the inspectors. V. Companies struck off. A company may be spoken of in every part, and the register must be read as a
whole; what identifies a company is its number, for several bear the same name. Amounts are in crowns.

"""

DISTRICTS = {
    "Harnwick": ["Harn Quay", "Lower Tolling", "Saltersby", "Wick End", "Mossgate"],
    "Ostermark": ["Osterby", "Grauwald", "Three Elms", "Pellinge", "Kaltwater"],
    "Vale of Tarrow": ["Tarrowbridge", "Nether Issey", "Combe Alder", "Fennick", "Old Sarding"],
    "Skerrow Isles": ["Skerrow Town", "Nordvoe", "Hallin", "Gannet Bay", "Stromness Head"],
    "Upper Brenn": ["Brennstadt", "Hochried", "Sankt Alban", "Murrenz", "Eisgrub"],
    "Cardeña": ["Puerto Sereno", "Las Umbrías", "Alcorán", "Vega Alta", "Molinar"],
    "Lissaby": ["Almstrand", "Ronneholt", "Vestergade", "Tornby", "Klintsø"],
}

TRADES = {
    "rope-making": ("the long walk", "hawsers and halyards", "the ropewalk"),
    "glass-blowing": ("the annealing oven", "lamp chimneys and flasks", "the glass house"),
    "bell-founding": ("the casting pit", "ship's bells and chimes", "the foundry"),
    "paper-making": ("the beating engine", "ledger paper and blotting", "the mill"),
    "barrel-making": ("the steaming chest", "casks for herring and ale", "the cooperage"),
    "clock-making": ("the wheel-cutting engine", "tower clocks and regulators", "the upper workshop"),
    "salt-boiling": ("the great pan", "table salt and brine", "the saltworks"),
    "lens-grinding": ("the polishing lathe", "spectacle and signal lenses", "the grinding room"),
    "sail-making": ("the cutting floor", "sails and awnings", "the loft"),
    "brick-burning": ("the ring kiln", "facing bricks and drain tiles", "the kiln yard"),
    "bee-keeping": ("the extractor drum", "heather honey and candles", "the honey house"),
    "seed-growing": ("the winnowing floor", "vegetable seed and bulbs", "the drying barn"),
    "ferry-keeping": ("the chain winch", "passages for carts and people", "the landing"),
    "map-engraving": ("the copper press", "charts and estate maps", "the press room"),
    "wool-dyeing": ("the indigo vats", "yarn in forty shades", "the dye house"),
    "cheese-ripening": ("the brine bath", "hard cheese in the wheel", "the cellars"),
    "boat-building": ("the steam box", "gigs and fishing smacks", "the slip"),
    "organ-building": ("the voicing machine", "chamber and church organs", "the hall"),
    "tea-blending": ("the sifting drum", "tea in lead-lined chests", "the tasting room"),
    "quarrying": ("the wire saw", "kerbstones and lintels", "the pit"),
    "type-casting": ("the casting machine", "type for the book trade", "the type room"),
    "net-knotting": ("the knotting frame", "herring nets and seines", "the net store"),
}

FORMS = [
    "{family} & Sons",
    "{family} & Daughters",
    "{family} and {other}",
    "The {family} {trade} Company",
    "{family}, {other} & Partners",
    "Widow {family} and Heirs",
    "{family} Brothers",
    "United {trade} of {family}",
    "The Old {family} House",
    "{family} {trade} Works",
]

FIRST_NAMES = """Aldous Bettina Caspar Dorothea Edvard Filippa Gaspard Hedwig Isidor Johanna Konrad Leonore Matthias Nadezhda
Oswin Petronella Quentin Rosalind Severin Theodora Ulrich Valeska Wendelin Xenia Yorick Zelda Amadeo Brunhilde Cosima Dario
Emeric Fiammetta Goran Hanneke Ilario Jolanta Kasimir Ludmila Melchior Nerissa""".split()

FAMILY = """Abelard Brackwater Calloway Dunmoor Eskeland Farrant Gellhorn Hawtrey Iversen Jessop Kingsmill Lindqvist
Marwood Norrington Oakeshott Pettigrew Quarles Ravensburg Stavanger Thistleton Underhill Vantongeren Wexcombe Yarborough
Zeeland Amberley Bohnstedt Carrasco Drummond Ellingham Fotherby Grimaldi Holmqvist Ibáñez Jørgensen Kirkbride Lachlan
Montague Nightingale Orsini Plantin Rosenkrantz Szentmiklós Tregarthen Uhlenbrock Villanueva Warburton Zabriskie Ashgrove
Blackfriars Castellane Devereux Elphinstone Fairweather Galbraith Harcourt Innskeep Joubert Kettleby Longstaff""".split()

ROLES = ["director", "secretary", "treasurer", "managing partner", "chairman", "overseer", "clerk of the works"]

REASONS = [
    "upon the wish of its partners",
    "after its debts had been paid in full",
    "for want of a return in three years",
    "when its works passed to its creditors",
    "because its last partner had died",
    "by order of the court",
]

STORIES = [
    "The founders met in {place} of an older house and agreed over a supper of smoked eel to try their luck with {goods}.",
    "For many years {tool} was the only one of its kind between the capes, and people came from as far as {far} Hill to see it at work.",
    "Its first order came from a convent, which paid partly in candles and partly in patience.",
    "After the great flood the water stood {count} inches deep in {place}, and the marks are still shown to visitors.",
    "It is known for {goods}, which are packed in straw and sent by the morning boat.",
    "{person} kept the books in so small a hand that the next clerk needed a glass to read them.",
    "The works burn peat in summer and coal in winter, and the chimney was raised twice after complaints from the parsonage.",
    "A dispute over the mill race was laid to rest when both sides found that neither owned the water.",
    "Apprentices serve four years, of which the first is spent at {tool} and the last on the road.",
    "In good years {count} hands are employed, and in bad ones they are kept on at half time rather than sent away.",
    "The partners have twice refused to be bought out, once by letter and once by closing the shutters.",
    "Travellers praise the quality and complain about the road, which is why a branch of the tramway has been talked of ever since.",
    "Every spring {place} is whitewashed, and every autumn it is as black as before.",
    "Old {person}, who had the secret of the trade from an uncle, would show it to nobody and so it had to be found again.",
    "A part of the profit goes to the school, which in return lends its larger pupils at harvest time.",
    "What is spoiled is not thrown away but sold by weight on the quay on Saturdays, where it finds its admirers.",
    "The sign above the gate shows a heron, though nobody remembers why, and the heron is painted anew whenever a partner marries.",
    "Since the railway came the greater part of {goods} goes inland, and the harbour has grown quieter.",
    "The house was among the first to light {place} with gas and among the last to give it up.",
    "There was a strike once, over the length of the dinner bell, and it was settled by buying a longer rope.",
    "Its letters are still copied by press, since {person} holds that a letter worth sending is worth keeping.",
    "The guild of {trade} counts it among its oldest members and seats its head next to the stove.",
    "When {tool} broke in the cold winter, a new one was cast within {count} days by a neighbour who asked for no receipt.",
    "Samples were shown at the exhibition in the capital and came home with a medal and a dent.",
    "Much of what it makes is never seen, for it ends inside other things, and the partners are content that it should be so.",
    "The cashier's cat, on the payroll as a night watchman, is the third of its line to hold the post.",
    "Water is drawn from a spring behind {place} that has not failed in living memory.",
    "It keeps a reading room for its people, with {count} newspapers, most of them not older than a week.",
    "The present hall stands on piles of alder, and it is said to sing a little when the wind is from the north.",
    "A cousin in the colonies sends orders that fill a ship and payments that fill a drawer.",
    "Twice the firm was thought lost and twice it was carried by its {goods}, which the fashion of the day had rediscovered.",
    "The drawings are locked in an iron chest of which {person} has one key and the parish the other.",
    "On the last working day before the holidays the masters serve the men at table, a custom that outlived several masters.",
    "Of the old stock of tools nearly all are in use, and {tool} bears the initials of six generations.",
    "Its wagons are painted green so that they may be told from those of {far}, which are also painted green.",
]

NOTES = [
    "The fee was paid and the notice was posted on the church door for the usual two Sundays.",
    "No objection was raised within the time that the statute allows.",
    "The papers were brought by {person}, who waited for the stamp and declined a chair.",
    "The seal on the second copy was broken, and a third was asked for and received.",
    "The clerk remarks that the handwriting has improved since last year.",
    "A fine for lateness was imposed and, upon hearing of the state of the roads, forgiven.",
    "The books were found in order, save for {count} pages that mice had taken an interest in.",
    "The inspectors were shown {place} and {tool}, both in good repair.",
    "Fire buckets hung where they should, and all but {count} were full.",
    "The weights and measures were tried against the standard and found true.",
    "It was recommended that the stairs be given a rail before somebody needs one.",
    "The returns show a steady demand for {goods}.",
    "A copy lies open to anybody at the Chancery between the hours of ten and three.",
    "The drains were examined at length and are not spoken of further.",
    "{person} answered all questions put, and several that were not.",
    "The wages book is kept in two colours, which the inspectors thought a good practice.",
]
