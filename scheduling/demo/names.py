"""Invented names of many origins. Given and family names are drawn apart, so that nobody real is meant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Names that go together, and the language such a patient may prefer."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]
    language: str = "en"


def _origin(female: str, male: str, family: str, language: str = "en") -> Origin:
    return Origin(tuple(female.split()), tuple(male.split()), tuple(family.split()), language)


ORIGINS: tuple[Origin, ...] = (
    _origin(
        "Alma Bettina Corinne Dora Edith Fern Greta Hazel Ivy June Lorna Mabel Nell Opal Pearl",
        "Abel Byron Clive Dexter Emmett Floyd Gideon Homer Ira Jasper Lyle Milo Nolan Orson Percy",
        "Alcott Bramwell Castel Dunmore Ellery Fenn Greer Hollis Ivers Keller Lowe Moss Parry Quill Sand Tamm Vance "
        "Wade Yates Zeller Arden Birch Coombe Draper Farrow Gale Hobart Kestrel Larkin Mercer Oakes Pike Rowan "
        "Selby Thorne Upton Vale Whitlock",
    ),
    _origin(
        "Adela Beatriz Carmen Dolores Elena Fabiola Graciela Inés Lucía Marisol Paloma Rocío Soledad Ximena",
        "Álvaro Benicio Cipriano Darío Esteban Facundo Gonzalo Joaquín Leandro Mateo Octavio Ramiro Tomás",
        "Alvez Bello Castillo Dacosta Espina Farro Gallo Herrera Ibarra Luján Montero Nieves Orozco Reyes Soto Varga "
        "Zuniga Arce Beltrán Cuevas Durán Escobar Lozano Mejía Palacios Rivas Salinas Treviño",
        "es",
    ),
    _origin(
        "Ama Chidi Dayo Efua Folake Ifeoma Kesi Makena Nia Thandi Wanjiru Zola",
        "Ayo Babatunde Chinedu Dumi Ekow Femi Jabari Kofi Kwame Mandla Tendai Zuberi",
        "Abara Bello Chukwu Dlamini Eze Gathoni Ibe Kamau Mensah Ngata Okoro Owusu Rahal Sisulu Tembo",
    ),
    _origin(
        "Aiko Chiyo Emi Fumiko Haruka Kaori Midori Natsuki Sachiko Yuki",
        "Akio Daichi Haruto Isamu Kenta Makoto Noboru Ryota Shinji Takumi",
        "Aoki Fujita Hamada Inoue Kondo Morita Nomura Okada Sato Takeda Ueda Yano",
    ),
    _origin(
        "Bing Daiyu Fang Hua Jia Lan Mei Ning Qiu Xia Yan Zhen",
        "Bo Cheng Dong Feng Gang Hao Jun Liang Ming Qiang Tao Wei",
        "Bai Chen Deng Fan Gu Han Jiang Liao Meng Pan Shen Tang Xu Yang Zhou",
        "zh",
    ),
    _origin(
        "Anjali Bhavna Devika Gauri Indira Kavita Lakshmi Meera Nandini Pooja Radha Sunita",
        "Anil Bharat Chetan Dinesh Girish Harish Kiran Manoj Naveen Prakash Rohan Suresh",
        "Acharya Banerji Chawla Desai Ghosh Iyer Joshi Kulkarni Mehta Nadar Parekh Rao Sethi Varma",
    ),
    _origin(
        "Amal Dalia Farah Hanan Iman Jamila Khadija Leila Mariam Noor Rania Salma Yasmin",
        "Adnan Bilal Fadi Ghassan Hakim Idris Jamal Karim Marwan Nadim Rashid Tariq Yusuf",
        "Abadi Darwish Farouk Haddad Halim Iqbal Jaber Kassem Mansour Nasser Qasim Saleh Yusuf",
        "ar",
    ),
    _origin(
        "Agnieszka Bronisława Danuta Ewa Halina Irena Jadwiga Kinga Ludmila Magda Olga Wanda Zofia",
        "Andrzej Bogdan Czesław Dariusz Feliks Grzegorz Igor Jerzy Kazimierz Leszek Marek Stefan Witold",
        "Adamik Borowy Czerny Dudek Gajda Jasiński Kovac Lisiak Novak Olszewski Petrov Rybak Wolski Zawada",
        "pl",
    ),
    _origin(
        "Astrid Birgit Dagny Elin Freja Gunhild Ingrid Kirsten Liv Maren Sigrid Tove",
        "Anders Bjarne Christer Einar Gustav Halvor Jens Lars Magnus Nils Rune Torsten",
        "Almquist Brandt Dahl Eklund Falk Hagen Jarvi Lindqvist Nyberg Olsen Rask Solheim Tveit",
    ),
    _origin(
        "Adele Bruna Chiara Donatella Fiorella Ginevra Ilaria Loredana Mirella Ornella Silvana",
        "Adriano Bruno Cesare Dino Ettore Fabrizio Gino Lorenzo Marcello Renzo Silvio",
        "Abate Bianco Conti Ferri Galli Lombardo Marino Orsini Rossi Serra Vitale",
    ),
    _origin(
        "Anh Bich Diep Hanh Khanh Linh Mai Nga Phuong Thao Trang Xuan",
        "An Binh Dung Giang Hieu Khoa Long Minh Phuc Quang Thanh Vinh",
        "Bui Dang Dinh Doan Huynh Lam Luong Mac Ngo Pham Tran Vo",
        "vi",
    ),
    _origin(
        "Aparecida Bruna Cecília Débora Eliane Flávia Helena Jussara Luana Noêmia Regina Tereza",
        "Adão Breno Caetano Davi Elias Fábio Heitor Ítalo Jonas Lucas Nelson Rui",
        "Almeida Barros Cardoso Duarte Esteves Fontes Lacerda Moreira Pinto Queiroz Silva Teles",
        "pt",
    ),
)

PRESCRIBERS: tuple[str, ...] = (
    "Dr. Solveig Achterberg",
    "Dr. Tunde Marchetti",
    "Dr. Ilse Okonedo",
    "Dr. Ravindra Holm",
    "Dr. Bettina Quarshie",
    "Dr. Emre Castellane",
    "Dr. Yolanda Fitzwater",
    "Dr. Henrik Balasubram",
)

NPIS: dict[str, str] = dict(
    zip(
        PRESCRIBERS,
        (
            "2000000309",
            "2000000317",
            "2000000325",
            "2000000333",
            "2000000341",
            "2000000358",
            "2000000366",
            "2000000374",
        ),
        strict=True,
    )
)
"""Invented identifiers: no National Provider Identifier starts with 2 so far."""

NURSES: tuple[str, ...] = (
    "Rosa Lind",
    "Desmond Achebe",
    "Mirjam Soler",
    "Tuan Brackett",
    "Paulette Ndiaye",
    "Oskar Whitfield",
    "Leocadia Marsh",
)
