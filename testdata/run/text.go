package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode"
)

type item struct {
	Name  string
	Price float64
	Qty   int
}

func (i item) Total() float64 { return i.Price * float64(i.Qty) }

func main() {
	re := regexp.MustCompile(`(?i)(\w+)@(\w+)\.(com|org)`)
	s := "mail Ann@Example.com, bob@site.org; nobody@x.net"
	fmt.Println(re.FindAllString(s, -1))
	fmt.Println(re.ReplaceAllString(s, "<$2:$1>"))
	fmt.Println(re.FindStringSubmatchIndex(s))
	fmt.Println(regexp.MustCompile(`a+?b*`).FindAllStringIndex("aaabbb ab", -1))
	_, err := regexp.Compile(`a(b`)
	fmt.Println(err)
	tmpl := template.Must(template.New("t").Funcs(template.FuncMap{"up": strings.ToUpper}).Parse(
		`{{define "row"}}{{.Name | up | printf "%-8s"}} {{printf "%6.2f" .Total}}{{end -}}
{{range $i, $e := .}}{{$i}}: {{template "row" $e}}{{if gt .Qty 2}} many{{else}} few{{end}}
{{else}}none{{end}}{{len .}} items{{with index . 0}} first {{.Name}}{{end}}
`))
	items := []item{{"apple", 0.5, 10}, {"pear", 1.25, 2}}
	if err := tmpl.Execute(os.Stdout, items); err != nil {
		fmt.Println(err)
	}
	fmt.Println(template.Must(template.New("e").Parse("{{.Nope}}")).Execute(&bytes.Buffer{}, items[0]))
	tw := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprintln(tw, "a\tbbb\tc")
	fmt.Fprintln(tw, "aaaa\tb\tccccc")
	tw.Flush()
	sc := bufio.NewScanner(strings.NewReader("one two\nthree  four five"))
	sc.Split(bufio.ScanWords)
	n := 0
	for sc.Scan() {
		n += len(sc.Text())
	}
	fmt.Println(n)
	for _, q := range []string{"12", "-7", "0x1f", "1e3", "abc", "99999999999999999999"} {
		i, err := strconv.ParseInt(q, 0, 64)
		f, ferr := strconv.ParseFloat(q, 64)
		fmt.Println(i, err, f, ferr)
	}
	fmt.Println(strconv.Quote("héllo\n\x00☺"), strconv.AppendFloat(nil, 1.0/3, 'g', -1, 32))
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, "Hello Wörld ÀÉ"), strings.Title("the end"), strings.EqualFold("Straße", "STRASSE"))
	fmt.Printf("%5d|%-5d|%05d|%x|%X|%o|%b|%c|%q|%U\n", 42, 42, 42, 255, 255, 8, 5, 'A', 'B', '☺')
	fmt.Printf("%8.3f|%e|%g|%t|%v|%p\n", 3.14159, 1234.5678, 1e21, true, nil, nil)
	fmt.Printf("%s|%10s|%-10s|%.2s|%x|% x|%q\n", "go", "go", "go", "golang", "hi", "hi", "a\"b")
	fmt.Printf("%v %+v %#v %T\n", items[0], items[0], items[0], items[0])
	fmt.Printf("%v %d %s %!|%z %d\n", []byte("ab"), []int{1}, []string{"x"}, 1)
	fmt.Printf("%[2]d %[1]d %*d\n", 1, 2, 5, 3)
	var a, b int
	var w string
	k, err := fmt.Sscanf("10-20 word", "%d-%d %s", &a, &b, &w)
	fmt.Println(k, err, a, b, w)
	r := strings.NewReplacer("a", "1", "b", "2", "abc", "3")
	fmt.Println(r.Replace("abcab"), strings.Fields("  a  b "), strings.SplitN("a,b,c,d", ",", 3))
	for i, r := range "aé\xff☺" {
		fmt.Print(i, ":", r, " ")
	}
	fmt.Println([]rune("né"), string([]rune{0x263a, 65}), []byte("é"))
}
