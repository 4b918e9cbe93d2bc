package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"hash/fnv"
	"io"
	"os"
	"strings"
)

type shape interface{ Area() float64 }

type circle struct{ R float64 }
type square struct{ Side int }

func (c circle) Area() float64  { return 3 * c.R * c.R }
func (s *square) Area() float64 { return float64(s.Side * s.Side) }

type order struct {
	XMLName xml.Name `xml:"order"`
	ID      int      `xml:"id,attr"`
	Items   []item   `xml:"items>item"`
	Note    string   `xml:",comment"`
	Paid    *bool    `xml:"paid,omitempty"`
}

type item struct {
	Name string  `xml:"name"`
	Cost float32 `xml:"cost"`
}

type record struct {
	A    int8
	B    uint64
	C    []string
	D    map[string][]float64
	E    *record
	F    shape
	G    complex128
	H    [3]bool
	When []byte
}

func main() {
	text := strings.Repeat("the quick brown fox jumps over the lazy dog; ", 200)

	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, 9)
	w.Name = "fox"
	io.WriteString(w, text)
	fmt.Println(w.Close(), z.Len() < 300)
	r, err := gzip.NewReader(&z)
	b, err2 := io.ReadAll(r)
	fmt.Println(err, err2, r.Name, string(b) == text)

	z.Reset()
	zw := zlib.NewWriter(&z)
	fmt.Fprint(zw, text)
	zw.Close()
	zr, _ := zlib.NewReader(&z)
	b, _ = io.ReadAll(zr)
	fmt.Println(len(b))
	_, err = io.ReadAll(flate.NewReader(strings.NewReader("not deflate")))
	fmt.Println(err)

	fmt.Printf("%x\n%x\n", md5.Sum([]byte(text)), sha1.Sum([]byte(text)))
	fmt.Printf("%x\n%x\n", sha256.Sum256([]byte(text)), sha512.Sum512([]byte(text)))
	m := hmac.New(sha256.New, []byte("key"))
	m.Write([]byte(text))
	fmt.Println(hex.EncodeToString(m.Sum(nil)))
	f := fnv.New64a()
	f.Write([]byte(text))
	fmt.Println(crc32.ChecksumIEEE([]byte(text)), adler32.Checksum([]byte(text)), f.Sum64())

	raw := []byte{0, 1, 2, 250, 251, 252, 253, 254, 255, 'x'}
	fmt.Println(base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw), base32.StdEncoding.EncodeToString(raw))
	_, err = base64.StdEncoding.DecodeString("a*b=")
	fmt.Println(err)
	fmt.Print(hex.Dump(raw))

	binary.Write(&z, binary.BigEndian, struct {
		A uint16
		B int32
		C [2]float32
	}{258, -2, [2]float32{1, -0.5}})
	fmt.Println(z.Bytes(), binary.LittleEndian.Uint32(raw[1:]), binary.AppendUvarint(nil, 300))

	cr := csv.NewReader(strings.NewReader("a,b,c\n\"x, y\",\"say \"\"hi\"\"\",3\n1,2\n"))
	for {
		rec, err := cr.Read()
		if err == io.EOF {
			break
		}
		fmt.Printf("%q %v\n", rec, err)
	}
	cw := csv.NewWriter(os.Stdout)
	cw.Write([]string{"plain", "with, comma", "with \"quote\"", "multi\nline"})
	cw.Flush()

	paid := true
	o := order{ID: 7, Items: []item{{"pen", 1.5}, {"<ink>", 2.25}}, Note: " hand made ", Paid: &paid}
	x, err := xml.MarshalIndent(o, "", " ")
	fmt.Println(string(x), err)
	var back order
	fmt.Println(xml.Unmarshal(x, &back), back.ID, back.Items, *back.Paid, back.Note)
	fmt.Println(xml.Unmarshal([]byte("<order><items></order>"), &back))

	gob.Register(circle{})
	gob.Register(&square{})
	var g bytes.Buffer
	enc := gob.NewEncoder(&g)
	in := record{A: -5, B: 1 << 63, C: []string{"p", "q"}, D: map[string][]float64{"k": {1, 2.5}}, E: &record{A: 1, F: circle{2}}, F: &square{4}, G: 1 + 2i, H: [3]bool{true, false, true}, When: []byte("now")}
	fmt.Println(enc.Encode(in), enc.Encode(&record{B: 9}))
	dec := gob.NewDecoder(&g)
	var out, out2 record
	fmt.Println(dec.Decode(&out), dec.Decode(&out2), dec.Decode(&out2))
	fmt.Println(out.A, out.B, out.C, out.D, out.E.F.Area(), out.F.Area(), out.G, out.H, string(out.When), out2.B)
	fmt.Println(gob.NewDecoder(strings.NewReader("\x07\xff\x82\x01")).Decode(&out))
}
