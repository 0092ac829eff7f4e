package syntax

// Blank replaces comments, quoted strings and quoted names by spaces, line breaks and length kept, so that the rest can be searched as text.
func Blank(text string) string {
	out := []byte(text)
	for i := 0; i < len(out); {
		end := quotedEnd(text, i)
		if end == i {
			i++
			continue
		}
		for ; i < end; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	return string(out)
}

// quotedEnd is where the comment or quoted piece that begins at i ends, or i when none begins there.
func quotedEnd(text string, i int) int {
	rest := text[i:]
	switch {
	case hasPrefix(rest, "--"):
		return i + until(rest, "\n", 0)
	case hasPrefix(rest, "/*"):
		return i + until(rest, "*/", 2)
	case rest[0] == '\'' || rest[0] == '"':
		return i + quoteLength(rest)
	}
	return i
}

func hasPrefix(s, p string) bool { return len(s) >= len(p) && s[:len(p)] == p }

// until is the length of s up to and with stop (up to, for a line break), or all of it.
func until(s, stop string, from int) int {
	for i := from; i+len(stop) <= len(s); i++ {
		if s[i:i+len(stop)] == stop {
			if stop == "\n" {
				return i
			}
			return i + len(stop)
		}
	}
	return len(s)
}

// quoteLength is the length of a quoted piece; a doubled quote inside stands for itself.
func quoteLength(s string) int {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}
