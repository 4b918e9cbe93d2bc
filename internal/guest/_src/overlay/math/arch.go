package math

// The elementary functions are the host's. Where the distribution has assembly for the host (exp and log on amd64), the last
// bit is thus that of a native program.

const (
	haveArchAcos      = true
	haveArchAcosh     = true
	haveArchAsin      = true
	haveArchAsinh     = true
	haveArchAtan      = true
	haveArchAtanh     = true
	haveArchCbrt      = true
	haveArchCos       = true
	haveArchCosh      = true
	haveArchErf       = true
	haveArchErfc      = true
	haveArchExp       = true
	haveArchExp2      = true
	haveArchExpm1     = true
	haveArchLog       = true
	haveArchLog10     = true
	haveArchLog2      = true
	haveArchLog1p     = true
	haveArchSin       = true
	haveArchSinh      = true
	haveArchTan       = true
	haveArchTanh      = true
	haveArchAtan2     = true
	haveArchHypot     = true
	haveArchMod       = true
	haveArchPow       = true
	haveArchRemainder = true
)

func archAcos(x float64) float64
func archAcosh(x float64) float64
func archAsin(x float64) float64
func archAsinh(x float64) float64
func archAtan(x float64) float64
func archAtanh(x float64) float64
func archCbrt(x float64) float64
func archCos(x float64) float64
func archCosh(x float64) float64
func archErf(x float64) float64
func archErfc(x float64) float64
func archExp(x float64) float64
func archExp2(x float64) float64
func archExpm1(x float64) float64
func archLog(x float64) float64
func archLog10(x float64) float64
func archLog2(x float64) float64
func archLog1p(x float64) float64
func archSin(x float64) float64
func archSinh(x float64) float64
func archTan(x float64) float64
func archTanh(x float64) float64
func archAtan2(y, x float64) float64
func archHypot(p, q float64) float64
func archMod(x, y float64) float64
func archPow(x, y float64) float64
func archRemainder(x, y float64) float64
