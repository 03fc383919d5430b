package synth

// culture is a pool of names that go together.
type culture struct {
	women, men, families []string
	languages            []concept // the first is spoken by those without a second pick
	doubleSurname        bool      // father's and mother's names, as in Spain
}

func bcp47(code, display string) concept { return concept{"urn:ietf:bcp:47", code, display} }

var english = bcp47("en-US", "English (United States)")

// The names have accents, apostrophes, hyphens and spaces on purpose: these break folding
// and sorting.
var cultures = struct{ anglo, hispanic, asian, french culture }{
	anglo: culture{
		women: []string{
			"Abigail", "Agnes", "Alice", "Amelia", "Anne-Marie", "Beatrice", "Bernadette", "Brenda",
			"Caitlín", "Carol", "Charlotte", "Chloë", "Deborah", "Denise", "Dorothy", "Eleanor",
			"Elizabeth", "Emily", "Evelyn", "Frances", "Grace", "Hannah", "Harriet", "Imani", "Irene",
			"Jasmine", "Joyce", "Judith", "Karen", "Keisha", "Latoya", "Linda", "Lucille", "Mary",
			"Mary Jo", "Mildred", "Nancy", "Naomi", "Olivia", "Patricia", "Phyllis", "Rebecca", "Renée",
			"Ruth", "Sarah", "Shanice", "Siobhán", "Susan", "Tamika", "Teresa", "Victoria", "Zoë",
		},
		men: []string{
			"Albert", "Andre", "Arthur", "Benjamin", "Bernard", "Billy", "Calvin", "Charles", "Clarence",
			"Conor", "Curtis", "Daniel", "Darnell", "David", "DeShawn", "Dennis", "Donald", "Douglas",
			"Edward", "Elijah", "Ethan", "Eugene", "Francis", "Frank", "George", "Harold", "Henry",
			"Isaac", "Jack", "Jamal", "James", "John", "Joseph", "Kenneth", "Lawrence", "Leroy", "Liam",
			"Malik", "Marcus", "Michael", "Nathan", "Noah", "Oliver", "Patrick", "Paul", "Peter",
			"Ralph", "Raymond", "Robert", "Roger", "Samuel", "Seán", "Stephen", "Terrence", "Theodore",
			"Thomas", "Tyrone", "Walter", "William", "Xavier",
		},
		families: []string{
			"Abernathy", "Adams", "Anderson", "Bailey", "Baker", "Barton", "Beckett", "Brown",
			"Callahan", "Campbell", "Carter", "Clark", "Cohen", "Coleman", "Collins", "Cooper",
			"D'Amico", "D'Angelo", "Davis", "DeLuca", "Dietrich", "Edwards", "Ellis", "Evans",
			"Fitzgerald", "Foster", "Franklin", "Freeman", "Gallagher", "Goldstein", "Gray", "Green",
			"Hall", "Hamilton", "Harris", "Henderson", "Howard", "Jackson", "Jefferson", "Johansson",
			"Johnson", "Jones", "Kelly", "Kowalski", "Lewis", "MacDonald", "Marshall", "McCarthy",
			"Mitchell", "Moore", "Morgan", "Müller", "Murphy", "N'Diaye", "Nelson", "Nowak", "O'Brien",
			"O'Connor", "O'Neill", "Okafor", "Parker", "Patterson", "Peterson", "Quinn", "Reed",
			"Richardson", "Robinson", "Rossi", "Russo", "Sanders", "Schmidt", "Scott", "Simmons",
			"Smith", "St. John", "Stewart", "Sullivan", "Taylor", "Thompson", "Turner", "Van der Berg",
			"Walker", "Washington", "Watson", "White", "Williams", "Wilson", "Wright", "Young",
		},
		languages: []concept{english},
	},
	hispanic: culture{
		women: []string{
			"Adriana", "Alejandra", "Ana María", "Ángela", "Beatriz", "Carmen", "Concepción", "Elena",
			"Esperanza", "Gabriela", "Guadalupe", "Inés", "Isabel", "Josefina", "Lucía", "Luz",
			"Margarita", "María", "María José", "Marisol", "Mónica", "Nélida", "Paloma", "Pilar",
			"Raquel", "Rocío", "Sofía", "Teresa", "Verónica", "Ximena",
		},
		men: []string{
			"Adán", "Agustín", "Alejandro", "Andrés", "Ángel", "Arturo", "Benjamín", "Carlos", "César",
			"Diego", "Eduardo", "Emilio", "Esteban", "Félix", "Fernando", "Gerardo", "Héctor", "Ignacio",
			"Iván", "Javier", "Jesús", "José", "José Luis", "Juan Carlos", "Julio", "Luis", "Manuel",
			"Martín", "Mateo", "Miguel", "Óscar", "Pablo", "Ramón", "Raúl", "Rubén", "Tomás",
		},
		families: []string{
			"Acosta", "Aguilar", "Alvarado", "Álvarez", "Benítez", "Cabrera", "Castañeda", "Castillo",
			"Chávez", "Cordero", "Córdova", "Cruz", "De la Cruz", "Delgado", "Díaz", "Domínguez",
			"Echeverría", "Espinoza", "Fernández", "Figueroa", "Fuentes", "García", "Gómez", "González",
			"Gutiérrez", "Hernández", "Herrera", "Jiménez", "López", "Maldonado", "Martínez", "Medina",
			"Mejía", "Mendoza", "Morales", "Muñoz", "Núñez", "Ordóñez", "Ortiz", "Peña", "Pérez",
			"Quiñones", "Ramírez", "Reyes", "Ríos", "Rodríguez", "Rojas", "Sánchez", "Santiago", "Soto",
			"Torres", "Vargas", "Vásquez", "Velázquez", "Zúñiga",
		},
		languages:     []concept{bcp47("es", "Spanish"), english, bcp47("es", "Spanish")},
		doubleSurname: true,
	},
	asian: culture{
		women: []string{
			"Aiko", "Anjali", "Anh", "Deepa", "Haruka", "Hye-jin", "Jia", "Lan", "Li", "Linh", "Mei",
			"Min-ji", "Ngọc", "Nisha", "Priya", "Shreya", "Soo-yeon", "Sunita", "Thùy", "Xiu", "Yuki", "Yun",
		},
		men: []string{
			"Anil", "Arjun", "Bao", "Chen", "Đức", "Haruto", "Hiroshi", "Hùng", "Jae-won", "Jian", "Jun",
			"Kenji", "Khôi", "Min-jun", "Minh", "Rahul", "Rajesh", "Sanjay", "Sung-ho", "Vikram", "Wei", "Yong",
		},
		families: []string{
			"Agarwal", "Chang", "Chen", "Choi", "Chopra", "Das", "Gupta", "Hoàng", "Huang", "Kim", "Kumar",
			"Le", "Lee", "Li", "Lin", "Liu", "Mehta", "Nakamura", "Nguyễn", "Park", "Patel", "Phạm", "Reddy",
			"Sato", "Sharma", "Singh", "Suzuki", "Takahashi", "Tanaka", "Trần", "Wang", "Wong", "Wu", "Yang", "Zhang",
		},
		languages: []concept{
			english, english, bcp47("zh", "Chinese"), bcp47("vi", "Vietnamese"),
			bcp47("ko", "Korean"), bcp47("hi", "Hindi"), bcp47("ja", "Japanese"),
		},
	},
	french: culture{
		women: []string{
			"Adèle", "Aurélie", "Céline", "Chloé", "Élise", "Françoise", "Geneviève", "Hélène", "Jeanne",
			"Marie-Claude", "Marie-Thérèse", "Noëlle", "Océane", "Solène", "Thérèse",
		},
		men: []string{
			"André", "Benoît", "Étienne", "François", "Gaël", "Gérard", "Jean-Baptiste", "Jean-Luc",
			"Jérôme", "Loïc", "Mathéo", "Pierre", "Rémy", "Sébastien", "Stéphane", "Théo",
		},
		families: []string{
			"Beauchêne", "Bélanger", "Bouchard", "Côté", "D'Aubigné", "Desrosiers", "Duchêne", "Gagné",
			"Jean-Baptiste", "L'Écuyer", "LaForêt", "Lefèvre", "Lévesque", "Pelletier", "Saint-Pierre",
			"Thériault", "Toussaint", "Tremblay",
		},
		languages: []concept{english, bcp47("fr", "French"), english},
	},
}

var (
	streetNames = []string{
		"Abbott", "Arch", "Beacon", "Bellevue", "Birch", "Bridge", "Cedar", "Chestnut", "Church",
		"Clinton", "Cottage", "Court", "Dogwood", "Elm", "Fairview", "Forest", "Franklin", "Front",
		"Garden", "Grove", "Harbor", "Harvard", "Hickory", "High", "Highland", "Hillcrest", "Jefferson",
		"Juniper", "King", "Lafayette", "Lake", "Lincoln", "Linden", "Locust", "Madison", "Magnolia",
		"Main", "Maple", "Martin Luther King Jr.", "Meadow", "Mill", "Mulberry", "North", "Oak",
		"O'Dowd", "Orchard", "Park", "Peach Tree", "Pearl", "Pine", "Pleasant", "Pond", "Prospect",
		"Quarry", "River", "Rose", "School", "Spring", "Spruce", "State", "Summer", "Sunset", "Union",
		"Valley", "Walnut", "Washington", "Water", "Willow", "Winter",
	}
	streetKinds = []string{"Street", "Street", "Street", "Avenue", "Avenue", "Road", "Lane", "Drive", "Court", "Place", "Terrace", "Way", "Boulevard"}
	dwellings   = []string{"Apt", "Unit", "Suite", "Floor"}
)
