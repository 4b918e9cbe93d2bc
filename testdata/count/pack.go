// Compression, checksums, hashes, encodings.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
)

func main() {
	var text bytes.Buffer
	for i := range 12_000 {
		fmt.Fprintf(&text, "line %d of %x\n", i, i*i)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(text.Bytes())
	w.Close()
	r, err := gzip.NewReader(bytes.NewReader(z.Bytes()))
	if err != nil {
		panic(err)
	}
	back, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(back, text.Bytes()) {
		panic("damaged")
	}
	sum := sha256.Sum256(back)
	code := base64.StdEncoding.EncodeToString(back)
	plain, _ := base64.StdEncoding.DecodeString(code)
	var words bytes.Buffer
	for i := range 20_000 {
		binary.Write(&words, binary.LittleEndian, struct {
			A uint32
			B uint16
		}{uint32(i), uint16(i)})
		if i > 2000 {
			break
		}
	}
	fmt.Println(hex.EncodeToString(sum[:4]), crc32.ChecksumIEEE(plain), words.Len())
}
