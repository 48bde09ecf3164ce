from artifix.printable import printable


def test_a_name_is_one_line_and_looks_like_what_it_is():
    assert printable("a\nb\x1b[31m\u202egpj.exe\u2029") == r"a\nb\x1b[31m\u202egpj.exe\u2029"
    assert printable("ünï \U0001f600 [x].jpg") == "ünï \U0001f600 [x].jpg"
