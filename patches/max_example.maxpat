{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   60.0,
   80.0,
   1360.0,
   760.0
  ],
  "default_fontsize": 12.0,
  "default_fontname": "Arial",
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      0.0,
      0.0,
      1000.0,
      76.0
     ],
     "bgcolor": [
      0.847,
      0.894,
      0.933,
      1.0
     ],
     "background": 1,
     "mode": 0,
     "border": 0,
     "rounded": 6,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      12.0,
      2.0,
      166.66666666666666,
      31.0
     ],
     "text": "my_instrument",
     "fontsize": 20,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      12.0,
      33.0,
      562.0,
      21.0
     ],
     "text": "An example: put the name of your model instead of my_instrument into both nn~ boxes",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      12.0,
      54.0,
      714.0,
      21.0
     ],
     "text": "First: click the loudspeaker, choose a sound. Then switch 'decode' on and move the axes, or let them walk.",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      820.0,
      6.0,
      22.0,
      22.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      846.0,
      6.0,
      54.0,
      21.0
     ],
     "text": "record",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      910.0,
      6.0,
      67.0,
      22.0
     ],
     "text": "p record",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       379.0,
       260.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          60.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "t i i"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          110.0,
          90.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "bang",
          ""
         ],
         "text": "sel 1"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          110.0,
          120.0,
          73.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "open wave"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          120.0,
          20.0,
          219.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "receive~ my_instrument.recorded"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          200.0,
          87.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "sfrecord~ 1"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          1
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      504.0,
      88.0,
      484.0,
      240.0
     ],
     "bgcolor": [
      0.945,
      0.933,
      0.906,
      1.0
     ],
     "background": 1,
     "mode": 0,
     "border": 0,
     "rounded": 6,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      514.0,
      92.0,
      54.833333333333336,
      24.0
     ],
     "text": "model",
     "fontsize": 14,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      516.0,
      118.0,
      87.0,
      21.0
     ],
     "text": "temperature",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      566.0,
      174.0,
      47.0,
      22.0
     ],
     "text": "p set",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       320.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "value of temperature"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          166.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "prepend set temperature"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      516.0,
      146.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "parameter_enable": 1,
     "varname": "my_instrument temperature",
     "showname": 0,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "my_instrument temperature",
       "parameter_shortname": "temperature",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 2.0,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 1,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.0
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      640.0,
      118.0,
      73.0,
      21.0
     ],
     "text": "inversion",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      640.0,
      174.0,
      87.0,
      22.0
     ],
     "text": "p inversion",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       320.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "value of inversion"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "prepend set inversion"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      640.0,
      146.0,
      100.0,
      22.0
     ],
     "outlettype": [
      "int",
      "",
      ""
     ],
     "items": [
      "default",
      ",",
      "keep_input",
      ",",
      "random",
      ",",
      "eco",
      ",",
      "live",
      ",",
      "balanced",
      ",",
      "hq"
     ]
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      764.0,
      118.0,
      80.0,
      21.0
     ],
     "text": "projection",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      764.0,
      174.0,
      93.0,
      22.0
     ],
     "text": "p projection",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       320.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "value of projection"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          159.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "prepend set projection"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      764.0,
      146.0,
      100.0,
      22.0
     ],
     "outlettype": [
      "int",
      "",
      ""
     ],
     "items": [
      "none",
      ",",
      "pca",
      ",",
      "ica"
     ]
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      516.0,
      208.0,
      60.0,
      21.0
     ],
     "text": "gain_db",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      566.0,
      264.0,
      47.0,
      22.0
     ],
     "text": "p set",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       320.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "value of gain_db"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          139.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "prepend set gain_db"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      516.0,
      236.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "parameter_enable": 1,
     "varname": "my_instrument gain_db",
     "showname": 0,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "my_instrument gain_db",
       "parameter_shortname": "gain_db",
       "parameter_type": 0,
       "parameter_mmin": -60.0,
       "parameter_mmax": 12.0,
       "parameter_exponent": 1.0,
       "parameter_unitstyle": 4,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.0
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      640.0,
      208.0,
      47.0,
      21.0
     ],
     "text": "reset",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      640.0,
      264.0,
      60.0,
      22.0
     ],
     "text": "p reset",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       320.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "value of reset"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          87.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "set reset 1"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-24",
     "maxclass": "button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      640.0,
      236.0,
      24.0,
      24.0
     ],
     "outlettype": [
      "bang"
     ]
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      12.0,
      88.0,
      480.0,
      240.0
     ],
     "bgcolor": [
      0.945,
      0.933,
      0.906,
      1.0
     ],
     "background": 1,
     "mode": 0,
     "border": 0,
     "rounded": 6,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      22.0,
      92.0,
      193.66666666666666,
      24.0
     ],
     "text": "sound through the model",
     "fontsize": 14,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      24.0,
      118.0,
      110.0,
      22.0
     ],
     "outlettype": [
      "int",
      "",
      ""
     ],
     "items": [
      "off",
      ",",
      "microphone",
      ",",
      "file",
      ",",
      "test noise"
     ]
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      154.0,
      118.0,
      212.0,
      21.0
     ],
     "text": "file: open, play, stop, repeat",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      174.0,
      67.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "p source",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       380.0,
       260.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "0 off, 1 microphone, 2 file, 3 noise"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          180.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "messages to sfplay~"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          110.0,
          110.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "adc~ 1"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          180.0,
          110.0,
          73.0,
          22.0
         ],
         "outlettype": [
          "signal",
          "bang"
         ],
         "text": "sfplay~ 1"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          270.0,
          80.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "noise~"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          270.0,
          110.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 0.1"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 4,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          160.0,
          310.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "selector~ 3"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          210.0,
          30.0,
          30.0
         ],
         "comment": "sound"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-7",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-7",
          2
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          3
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      154.0,
      146.0,
      40.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "open"
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      200.0,
      146.0,
      30.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "1"
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      246.0,
      146.0,
      30.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "0"
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      292.0,
      146.0,
      54.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loop 1"
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      374.0,
      118.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loadmess 1"
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      374.0,
      146.0,
      24.0,
      24.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-36",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      404.0,
      146.0,
      80.0,
      21.0
     ],
     "text": "forward on",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-37",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      374.0,
      174.0,
      73.0,
      22.0
     ],
     "text": "p forward",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       206.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          73.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "enable $1"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          166.0,
          22.0
         ],
         "text": "s my_instrument.forward"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-38",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      240.0,
      212.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "nn~ my_instrument forward 2048"
    }
   },
   {
    "box": {
     "id": "obj-39",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      54.0,
      206.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "p messages",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       379.0,
       160.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          90.0,
          30.0,
          30.0
         ],
         "comment": "messages"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          166.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.forward"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          200.0,
          20.0,
          159.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-1",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-1",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-40",
     "maxclass": "live.gain~",
     "numinlets": 1,
     "numoutlets": 4,
     "patching_rect": [
      24.0,
      274.0,
      130.0,
      40.0
     ],
     "outlettype": [
      "signal",
      "",
      "float",
      "list"
     ],
     "channels": 1,
     "orientation": 1,
     "parameter_enable": 1,
     "varname": "my_instrument forward",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "my_instrument forward",
       "parameter_shortname": "my_instrument forward",
       "parameter_type": 0,
       "parameter_mmin": -70.0,
       "parameter_mmax": 6.0,
       "parameter_unitstyle": 4,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        -12.0
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-41",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      164.0,
      274.0,
      73.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "p limiter",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       359.0,
       330.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "sound"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          106.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "clip~ -0.8 0.8"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          110.0,
          30.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "-~"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          140.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 5"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          170.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "tanh~"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          200.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 0.2"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          240.0,
          30.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "+~"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          280.0,
          30.0,
          30.0
         ],
         "comment": "within 1"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          130.0,
          280.0,
          199.0,
          22.0
         ],
         "text": "send~ my_instrument.recorded"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          1
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-42",
     "maxclass": "ezdac~",
     "numinlets": 2,
     "numoutlets": 0,
     "patching_rect": [
      244.0,
      274.0,
      40.0,
      40.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-43",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      12.0,
      340.0,
      976.0,
      408.0
     ],
     "bgcolor": [
      0.945,
      0.933,
      0.906,
      1.0
     ],
     "background": 1,
     "mode": 0,
     "border": 0,
     "rounded": 6,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-44",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      22.0,
      344.0,
      101.5,
      24.0
     ],
     "text": "latent axes",
     "fontsize": 14,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-45",
     "maxclass": "preset",
     "numinlets": 1,
     "numoutlets": 5,
     "patching_rect": [
      174.0,
      348.0,
      150.0,
      24.0
     ],
     "outlettype": [
      "preset",
      "int",
      "preset",
      "int",
      ""
     ],
     "bubblesize": 16
    }
   },
   {
    "box": {
     "id": "obj-46",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      334.0,
      348.0,
      423.0,
      21.0
     ],
     "text": "your presets, empty at first: shift-click keeps, click recalls",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-47",
     "maxclass": "newobj",
     "numinlets": 4,
     "numoutlets": 8,
     "patching_rect": [
      174.0,
      406.0,
      439.0,
      22.0
     ],
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "p move",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       1364.0,
       540.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "walk on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          183.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "seconds of a step"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          346.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "number of a place"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          509.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "seconds of a glide"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          80.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "bang"
         ],
         "text": "metro 8000"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          110.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "bang",
          "bang"
         ],
         "text": "t b b"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          140.0,
          34.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "i 0"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 4,
         "patching_rect": [
          20.0,
          170.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "",
          ""
         ],
         "text": "coll",
         "coll_data": {
          "count": 8,
          "data": [
           {
            "key": 0,
            "value": [
             7,
             1
            ]
           },
           {
            "key": 1,
            "value": [
             0,
             2
            ]
           },
           {
            "key": 2,
            "value": [
             1,
             3
            ]
           },
           {
            "key": 3,
            "value": [
             2,
             4
            ]
           },
           {
            "key": 4,
            "value": [
             3,
             5
            ]
           },
           {
            "key": 5,
            "value": [
             4,
             6
            ]
           },
           {
            "key": 6,
            "value": [
             5,
             7
            ]
           },
           {
            "key": 7,
            "value": [
             6,
             0
            ]
           }
          ]
         },
         "saved_object_attributes": {
          "embed": 1,
          "precision": 6
         }
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          200.0,
          67.0,
          22.0
         ],
         "outlettype": [
          "",
          ""
         ],
         "text": "zl nth 1"
        }
       },
       {
        "box": {
         "id": "obj-10",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          230.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "t i i"
        }
       },
       {
        "box": {
         "id": "obj-11",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 4,
         "patching_rect": [
          20.0,
          260.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "",
          ""
         ],
         "text": "coll",
         "coll_data": {
          "count": 8,
          "data": [
           {
            "key": 0,
            "value": [
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0
            ]
           },
           {
            "key": 1,
            "value": [
             1.26,
             1.36,
             0.21,
             -1.14,
             -1.44,
             -0.42,
             0.99,
             1.48
            ]
           },
           {
            "key": 2,
            "value": [
             1.36,
             -1.14,
             -0.42,
             1.48,
             -0.82,
             -0.8,
             1.49,
             -0.43
            ]
           },
           {
            "key": 3,
            "value": [
             0.21,
             -0.42,
             0.62,
             -0.8,
             0.98,
             -1.13,
             1.25,
             -1.36
            ]
           },
           {
            "key": 4,
            "value": [
             -1.14,
             1.48,
             -0.8,
             -0.43,
             1.37,
             -1.36,
             0.41,
             0.83
            ]
           },
           {
            "key": 5,
            "value": [
             -1.44,
             -0.82,
             0.98,
             1.37,
             -0.2,
             -1.48,
             -0.64,
             1.12
            ]
           },
           {
            "key": 6,
            "value": [
             -0.42,
             -0.8,
             -1.13,
             -1.36,
             -1.48,
             -1.49,
             -1.37,
             -1.15
            ]
           },
           {
            "key": 7,
            "value": [
             0.99,
             1.49,
             1.25,
             0.41,
             -0.64,
             -1.37,
             -1.43,
             -0.78
            ]
           }
          ]
         },
         "saved_object_attributes": {
          "embed": 1,
          "precision": 6
         }
        }
       },
       {
        "box": {
         "id": "obj-12",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          90.0,
          140.0,
          67.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "random 2"
        }
       },
       {
        "box": {
         "id": "obj-13",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          90.0,
          170.0,
          34.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "+ 1"
        }
       },
       {
        "box": {
         "id": "obj-14",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 4,
         "patching_rect": [
          346.0,
          260.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "",
          ""
         ],
         "text": "coll",
         "coll_data": {
          "count": 8,
          "data": [
           {
            "key": 0,
            "value": [
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0,
             0.0
            ]
           },
           {
            "key": 1,
            "value": [
             1.26,
             1.36,
             0.21,
             -1.14,
             -1.44,
             -0.42,
             0.99,
             1.48
            ]
           },
           {
            "key": 2,
            "value": [
             1.36,
             -1.14,
             -0.42,
             1.48,
             -0.82,
             -0.8,
             1.49,
             -0.43
            ]
           },
           {
            "key": 3,
            "value": [
             0.21,
             -0.42,
             0.62,
             -0.8,
             0.98,
             -1.13,
             1.25,
             -1.36
            ]
           },
           {
            "key": 4,
            "value": [
             -1.14,
             1.48,
             -0.8,
             -0.43,
             1.37,
             -1.36,
             0.41,
             0.83
            ]
           },
           {
            "key": 5,
            "value": [
             -1.44,
             -0.82,
             0.98,
             1.37,
             -0.2,
             -1.48,
             -0.64,
             1.12
            ]
           },
           {
            "key": 6,
            "value": [
             -0.42,
             -0.8,
             -1.13,
             -1.36,
             -1.48,
             -1.49,
             -1.37,
             -1.15
            ]
           },
           {
            "key": 7,
            "value": [
             0.99,
             1.49,
             1.25,
             0.41,
             -0.64,
             -1.37,
             -1.43,
             -0.78
            ]
           }
          ]
         },
         "saved_object_attributes": {
          "embed": 1,
          "precision": 6
         }
        }
       },
       {
        "box": {
         "id": "obj-15",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          183.0,
          80.0,
          60.0,
          22.0
         ],
         "outlettype": [
          "float"
         ],
         "text": "* 1000."
        }
       },
       {
        "box": {
         "id": "obj-16",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          509.0,
          80.0,
          60.0,
          22.0
         ],
         "outlettype": [
          "float"
         ],
         "text": "* 1000."
        }
       },
       {
        "box": {
         "id": "obj-17",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 8,
         "patching_rect": [
          20.0,
          300.0,
          212.0,
          22.0
         ],
         "outlettype": [
          "float",
          "float",
          "float",
          "float",
          "float",
          "float",
          "float",
          "float"
         ],
         "text": "unpack 0. 0. 0. 0. 0. 0. 0. 0."
        }
       },
       {
        "box": {
         "id": "obj-18",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-19",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          183.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-20",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          346.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-21",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          509.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-22",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          672.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-23",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          835.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-24",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          998.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-25",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1161.0,
          325.0,
          100.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 8000."
        }
       },
       {
        "box": {
         "id": "obj-26",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 8,
         "patching_rect": [
          20.0,
          350.0,
          212.0,
          22.0
         ],
         "outlettype": [
          "float",
          "float",
          "float",
          "float",
          "float",
          "float",
          "float",
          "float"
         ],
         "text": "unpack 0. 0. 0. 0. 0. 0. 0. 0."
        }
       },
       {
        "box": {
         "id": "obj-27",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-28",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          183.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-29",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          346.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-30",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          509.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-31",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          672.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-32",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          835.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-33",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          998.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-34",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1161.0,
          375.0,
          93.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 500."
        }
       },
       {
        "box": {
         "id": "obj-35",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          20.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-36",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 1"
        }
       },
       {
        "box": {
         "id": "obj-37",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis1"
        }
       },
       {
        "box": {
         "id": "obj-38",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          183.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-39",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          183.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 2"
        }
       },
       {
        "box": {
         "id": "obj-40",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          183.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis2"
        }
       },
       {
        "box": {
         "id": "obj-41",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          346.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-42",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          346.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 3"
        }
       },
       {
        "box": {
         "id": "obj-43",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          346.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis3"
        }
       },
       {
        "box": {
         "id": "obj-44",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          509.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-45",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          509.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 4"
        }
       },
       {
        "box": {
         "id": "obj-46",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          509.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis4"
        }
       },
       {
        "box": {
         "id": "obj-47",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          672.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-48",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          672.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 5"
        }
       },
       {
        "box": {
         "id": "obj-49",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          672.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis5"
        }
       },
       {
        "box": {
         "id": "obj-50",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          835.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-51",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          835.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 6"
        }
       },
       {
        "box": {
         "id": "obj-52",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          835.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis6"
        }
       },
       {
        "box": {
         "id": "obj-53",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          998.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-54",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          998.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 7"
        }
       },
       {
        "box": {
         "id": "obj-55",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          998.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis7"
        }
       },
       {
        "box": {
         "id": "obj-56",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          1161.0,
          410.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "bang"
         ],
         "text": "line 0. 30"
        }
       },
       {
        "box": {
         "id": "obj-57",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          1161.0,
          480.0,
          30.0,
          30.0
         ],
         "comment": "axis 8"
        }
       },
       {
        "box": {
         "id": "obj-58",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          1161.0,
          440.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.axis8"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-9",
          0
         ],
         "destination": [
          "obj-10",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          0
         ],
         "destination": [
          "obj-11",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-12",
          0
         ],
         "destination": [
          "obj-13",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          1
         ],
         "destination": [
          "obj-12",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-13",
          0
         ],
         "destination": [
          "obj-9",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          1
         ],
         "destination": [
          "obj-7",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-14",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-15",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-5",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-16",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-11",
          0
         ],
         "destination": [
          "obj-17",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          0
         ],
         "destination": [
          "obj-18",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-18",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          1
         ],
         "destination": [
          "obj-19",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-19",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          2
         ],
         "destination": [
          "obj-20",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-20",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          3
         ],
         "destination": [
          "obj-21",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-21",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          4
         ],
         "destination": [
          "obj-22",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-22",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          5
         ],
         "destination": [
          "obj-23",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-23",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          6
         ],
         "destination": [
          "obj-24",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-24",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          7
         ],
         "destination": [
          "obj-25",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-25",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-14",
          0
         ],
         "destination": [
          "obj-26",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          0
         ],
         "destination": [
          "obj-27",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-27",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          1
         ],
         "destination": [
          "obj-28",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-28",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          2
         ],
         "destination": [
          "obj-29",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-29",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          3
         ],
         "destination": [
          "obj-30",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-30",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          4
         ],
         "destination": [
          "obj-31",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-31",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          5
         ],
         "destination": [
          "obj-32",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-32",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          6
         ],
         "destination": [
          "obj-33",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-33",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          7
         ],
         "destination": [
          "obj-34",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-16",
          0
         ],
         "destination": [
          "obj-34",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-18",
          0
         ],
         "destination": [
          "obj-35",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-27",
          0
         ],
         "destination": [
          "obj-35",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-35",
          0
         ],
         "destination": [
          "obj-36",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-37",
          0
         ],
         "destination": [
          "obj-36",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-19",
          0
         ],
         "destination": [
          "obj-38",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-28",
          0
         ],
         "destination": [
          "obj-38",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-38",
          0
         ],
         "destination": [
          "obj-39",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-40",
          0
         ],
         "destination": [
          "obj-39",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-20",
          0
         ],
         "destination": [
          "obj-41",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-29",
          0
         ],
         "destination": [
          "obj-41",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-41",
          0
         ],
         "destination": [
          "obj-42",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-43",
          0
         ],
         "destination": [
          "obj-42",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-21",
          0
         ],
         "destination": [
          "obj-44",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-30",
          0
         ],
         "destination": [
          "obj-44",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-44",
          0
         ],
         "destination": [
          "obj-45",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-46",
          0
         ],
         "destination": [
          "obj-45",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-22",
          0
         ],
         "destination": [
          "obj-47",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-31",
          0
         ],
         "destination": [
          "obj-47",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-47",
          0
         ],
         "destination": [
          "obj-48",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-49",
          0
         ],
         "destination": [
          "obj-48",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-23",
          0
         ],
         "destination": [
          "obj-50",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-32",
          0
         ],
         "destination": [
          "obj-50",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-50",
          0
         ],
         "destination": [
          "obj-51",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-52",
          0
         ],
         "destination": [
          "obj-51",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-24",
          0
         ],
         "destination": [
          "obj-53",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-33",
          0
         ],
         "destination": [
          "obj-53",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-53",
          0
         ],
         "destination": [
          "obj-54",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-55",
          0
         ],
         "destination": [
          "obj-54",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-25",
          0
         ],
         "destination": [
          "obj-56",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-34",
          0
         ],
         "destination": [
          "obj-56",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-56",
          0
         ],
         "destination": [
          "obj-57",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-58",
          0
         ],
         "destination": [
          "obj-57",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-48",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      406.0,
      60.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "p first",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       313.0,
       160.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          80.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "loadmess 0"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          140.0,
          20.0,
          153.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.place"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          90.0,
          30.0,
          30.0
         ],
         "comment": "entry"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-49",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      174.0,
      378.0,
      90.0,
      22.0
     ],
     "outlettype": [
      "int",
      "",
      ""
     ],
     "items": [
      "place 1",
      ",",
      "place 2",
      ",",
      "place 3",
      ",",
      "place 4",
      ",",
      "place 5",
      ",",
      "place 6",
      ",",
      "place 7",
      ",",
      "place 8"
     ]
    }
   },
   {
    "box": {
     "id": "obj-50",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      274.0,
      378.0,
      96.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loadmess 0.5"
    }
   },
   {
    "box": {
     "id": "obj-51",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      376.0,
      378.0,
      50.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.0
    }
   },
   {
    "box": {
     "id": "obj-52",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      430.0,
      378.0,
      60.0,
      21.0
     ],
     "text": "s glide",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-53",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      494.0,
      377.0,
      24.0,
      24.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-54",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      522.0,
      378.0,
      106.0,
      21.0
     ],
     "text": "walk at random",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-55",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      634.0,
      378.0,
      96.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loadmess 8"
    }
   },
   {
    "box": {
     "id": "obj-56",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      736.0,
      378.0,
      50.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0.2
    }
   },
   {
    "box": {
     "id": "obj-57",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      790.0,
      378.0,
      120.0,
      21.0
     ],
     "text": "s to a new place",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-58",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      174.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "1",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-59",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      234.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "2",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-60",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      294.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "3",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-61",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      354.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "4",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-62",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      414.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "5",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-63",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      474.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "6",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-64",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      534.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "7",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-65",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      594.0,
      474.0,
      30.0,
      21.0
     ],
     "text": "8",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-66",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      174.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-67",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      174.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-68",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      234.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-69",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      234.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-70",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      294.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-71",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      294.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-72",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      354.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-73",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      354.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-74",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      414.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-75",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      414.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-76",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      474.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-77",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      474.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-78",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      534.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-79",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      534.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-80",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      594.0,
      496.0,
      20.0,
      90.0
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "min": -3.0,
     "size": 6.0
    }
   },
   {
    "box": {
     "id": "obj-81",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      594.0,
      592.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "triangle": 1
    }
   },
   {
    "box": {
     "id": "obj-82",
     "maxclass": "newobj",
     "numinlets": 8,
     "numoutlets": 1,
     "patching_rect": [
      174.0,
      666.0,
      439.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "nn~ my_instrument decode 2048"
    }
   },
   {
    "box": {
     "id": "obj-83",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      174.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-84",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      234.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-85",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      294.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-86",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      354.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-87",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      414.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-88",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      474.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-89",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      534.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-90",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      594.0,
      620.0,
      31.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "sig~"
    }
   },
   {
    "box": {
     "id": "obj-91",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      636.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "p messages",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       372.0,
       160.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          90.0,
          30.0,
          30.0
         ],
         "comment": "messages"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          159.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.decode"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          193.0,
          20.0,
          159.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.models"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-1",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-1",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-92",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      486.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loadmess 0"
    }
   },
   {
    "box": {
     "id": "obj-93",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      514.0,
      24.0,
      24.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-94",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      54.0,
      514.0,
      73.0,
      21.0
     ],
     "text": "decode on",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-95",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      24.0,
      542.0,
      67.0,
      22.0
     ],
     "text": "p decode",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       200.0,
       180.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          73.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "enable $1"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          110.0,
          159.0,
          22.0
         ],
         "text": "s my_instrument.decode"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-96",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      24.0,
      698.0,
      54.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "p gate",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       420.0,
       320.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "sound"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          120.0,
          20.0,
          146.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "r my_instrument.gate"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          120.0,
          60.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "float",
          "float"
         ],
         "text": "t f f"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          200.0,
          100.0,
          199.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "expr ($f1 > 0.) * -190 + 200"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          120.0,
          140.0,
          87.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 20."
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          120.0,
          180.0,
          67.0,
          22.0
         ],
         "outlettype": [
          "signal",
          "bang"
         ],
         "text": "line~ 1."
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          220.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 1."
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          260.0,
          30.0,
          30.0
         ],
         "comment": "sound"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          1
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-97",
     "maxclass": "live.gain~",
     "numinlets": 1,
     "numoutlets": 4,
     "patching_rect": [
      174.0,
      698.0,
      130.0,
      40.0
     ],
     "outlettype": [
      "signal",
      "",
      "float",
      "list"
     ],
     "channels": 1,
     "orientation": 1,
     "parameter_enable": 1,
     "varname": "my_instrument decode",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "my_instrument decode",
       "parameter_shortname": "my_instrument decode",
       "parameter_type": 0,
       "parameter_mmin": -70.0,
       "parameter_mmax": 6.0,
       "parameter_unitstyle": 4,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        -12.0
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-98",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      314.0,
      698.0,
      73.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "p limiter",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       359.0,
       330.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "sound"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          70.0,
          106.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "clip~ -0.8 0.8"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          110.0,
          30.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "-~"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          140.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 5"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          170.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "tanh~"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          130.0,
          200.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "*~ 0.2"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          240.0,
          30.0,
          22.0
         ],
         "outlettype": [
          "signal"
         ],
         "text": "+~"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          280.0,
          30.0,
          30.0
         ],
         "comment": "within 1"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          130.0,
          280.0,
          199.0,
          22.0
         ],
         "text": "send~ my_instrument.recorded"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-3",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          1
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-99",
     "maxclass": "ezdac~",
     "numinlets": 2,
     "numoutlets": 0,
     "patching_rect": [
      394.0,
      698.0,
      40.0,
      40.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-100",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      444.0,
      692.0,
      22.0,
      22.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-101",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      470.0,
      692.0,
      166.0,
      21.0
     ],
     "text": "MIDI notes play presets",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-102",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      648.0,
      692.0,
      60.0,
      22.0
     ],
     "text": "p notes",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       578.0,
       520.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          60.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "t i i"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          186.0,
          90.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 0"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 3,
         "patching_rect": [
          90.0,
          60.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int",
          "int"
         ],
         "text": "notein"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          90.0,
          90.0,
          67.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0 0"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          130.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          160.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "unpack 0 0"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          200.0,
          73.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "stripnote"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          230.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "t i i"
        }
       },
       {
        "box": {
         "id": "obj-10",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          186.0,
          300.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 0"
        }
       },
       {
        "box": {
         "id": "obj-11",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          186.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 0"
        }
       },
       {
        "box": {
         "id": "obj-12",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          186.0,
          240.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-13",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          186.0,
          330.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "bang",
          ""
         ],
         "text": "sel 1"
        }
       },
       {
        "box": {
         "id": "obj-14",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          186.0,
          360.0,
          30.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "0."
        }
       },
       {
        "box": {
         "id": "obj-15",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          352.0,
          240.0,
          54.0,
          22.0
         ],
         "outlettype": [
          "float"
         ],
         "text": "/ 127."
        }
       },
       {
        "box": {
         "id": "obj-16",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          352.0,
          400.0,
          146.0,
          22.0
         ],
         "text": "s my_instrument.gate"
        }
       },
       {
        "box": {
         "id": "obj-17",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          400.0,
          34.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "% 8"
        }
       },
       {
        "box": {
         "id": "obj-18",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          430.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.place"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          1
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          1
         ],
         "destination": [
          "obj-5",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          1
         ],
         "destination": [
          "obj-8",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          1
         ],
         "destination": [
          "obj-11",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-11",
          0
         ],
         "destination": [
          "obj-12",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-12",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-12",
          0
         ],
         "destination": [
          "obj-10",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          0
         ],
         "destination": [
          "obj-13",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-13",
          0
         ],
         "destination": [
          "obj-14",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-9",
          1
         ],
         "destination": [
          "obj-10",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          1
         ],
         "destination": [
          "obj-15",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-16",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-14",
          0
         ],
         "destination": [
          "obj-16",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-16",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-9",
          0
         ],
         "destination": [
          "obj-17",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          0
         ],
         "destination": [
          "obj-18",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-103",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      754.0,
      692.0,
      67.0,
      21.0
     ],
     "text": "OSC port",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-104",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      824.0,
      692.0,
      60.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0,
     "maximum": 65535
    }
   },
   {
    "box": {
     "id": "obj-105",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      894.0,
      692.0,
      47.0,
      22.0
     ],
     "text": "p osc",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       1392.0,
       340.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "port"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          60.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "bang",
          ""
         ],
         "text": "sel 0"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "message",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          80.0,
          90.0,
          60.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "port $1"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          120.0,
          80.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "udpreceive"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 9,
         "patching_rect": [
          20.0,
          160.0,
          417.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          ""
         ],
         "text": "route /axis1 /axis2 /axis3 /axis4 /axis5 /axis6 /axis7 /axis8"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis1"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          189.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis2"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          358.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis3"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          527.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis4"
        }
       },
       {
        "box": {
         "id": "obj-10",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          696.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis5"
        }
       },
       {
        "box": {
         "id": "obj-11",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          865.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis6"
        }
       },
       {
        "box": {
         "id": "obj-12",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          1034.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis7"
        }
       },
       {
        "box": {
         "id": "obj-13",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          1203.0,
          190.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis8"
        }
       },
       {
        "box": {
         "id": "obj-14",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          230.0,
          93.0,
          22.0
         ],
         "outlettype": [
          "",
          ""
         ],
         "text": "route /place"
        }
       },
       {
        "box": {
         "id": "obj-15",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          260.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.place"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          1
         ],
         "destination": [
          "obj-3",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-4",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          1
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          2
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          3
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          4
         ],
         "destination": [
          "obj-10",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          5
         ],
         "destination": [
          "obj-11",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          6
         ],
         "destination": [
          "obj-12",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          7
         ],
         "destination": [
          "obj-13",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          8
         ],
         "destination": [
          "obj-14",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-14",
          0
         ],
         "destination": [
          "obj-15",
          0
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-106",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      444.0,
      717.0,
      22.0,
      22.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "obj-107",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      470.0,
      717.0,
      159.0,
      21.0
     ],
     "text": "controllers, the first",
     "fontsize": 12.0,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-108",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      648.0,
      717.0,
      50.0,
      22.0
     ],
     "outlettype": [
      "",
      "bang"
     ],
     "minimum": 0,
     "maximum": 127
    }
   },
   {
    "box": {
     "id": "obj-109",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 0,
     "patching_rect": [
      754.0,
      717.0,
      100.0,
      22.0
     ],
     "text": "p controllers",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 0,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       1512.0,
       340.0
      ],
      "default_fontsize": 12.0,
      "default_fontname": "Arial",
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "on or off"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          204.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "number of the first controller"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          388.0,
          20.0,
          87.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "loadmess 20"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 3,
         "patching_rect": [
          90.0,
          60.0,
          47.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int",
          "int"
         ],
         "text": "ctlin"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          90.0,
          90.0,
          67.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0 0"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          120.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          150.0,
          80.0,
          22.0
         ],
         "outlettype": [
          "int",
          "int"
         ],
         "text": "unpack 0 0"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          204.0,
          150.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "- 20"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 0"
        }
       },
       {
        "box": {
         "id": "obj-10",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-11",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-12",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis1"
        }
       },
       {
        "box": {
         "id": "obj-13",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          204.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 1"
        }
       },
       {
        "box": {
         "id": "obj-14",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          204.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-15",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          204.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-16",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          204.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis2"
        }
       },
       {
        "box": {
         "id": "obj-17",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          388.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 2"
        }
       },
       {
        "box": {
         "id": "obj-18",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          388.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-19",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          388.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-20",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          388.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis3"
        }
       },
       {
        "box": {
         "id": "obj-21",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          572.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 3"
        }
       },
       {
        "box": {
         "id": "obj-22",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          572.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-23",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          572.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-24",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          572.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis4"
        }
       },
       {
        "box": {
         "id": "obj-25",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          756.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 4"
        }
       },
       {
        "box": {
         "id": "obj-26",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          756.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-27",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          756.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-28",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          756.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis5"
        }
       },
       {
        "box": {
         "id": "obj-29",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          940.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 5"
        }
       },
       {
        "box": {
         "id": "obj-30",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          940.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-31",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          940.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-32",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          940.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis6"
        }
       },
       {
        "box": {
         "id": "obj-33",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1124.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 6"
        }
       },
       {
        "box": {
         "id": "obj-34",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1124.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-35",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          1124.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-36",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          1124.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis7"
        }
       },
       {
        "box": {
         "id": "obj-37",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1308.0,
          200.0,
          40.0,
          22.0
         ],
         "outlettype": [
          "int"
         ],
         "text": "== 7"
        }
       },
       {
        "box": {
         "id": "obj-38",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          1308.0,
          230.0,
          40.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "gate"
        }
       },
       {
        "box": {
         "id": "obj-39",
         "maxclass": "newobj",
         "numinlets": 6,
         "numoutlets": 1,
         "patching_rect": [
          1308.0,
          260.0,
          172.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "scale 0 127 -3 3"
        }
       },
       {
        "box": {
         "id": "obj-40",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          1308.0,
          290.0,
          153.0,
          22.0
         ],
         "text": "s my_instrument.axis8"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-6",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-8",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-8",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          1
         ],
         "destination": [
          "obj-5",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-6",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-6",
          0
         ],
         "destination": [
          "obj-7",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          1
         ],
         "destination": [
          "obj-8",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-9",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-9",
          0
         ],
         "destination": [
          "obj-10",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          0
         ],
         "destination": [
          "obj-11",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-11",
          0
         ],
         "destination": [
          "obj-12",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-10",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-13",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-13",
          0
         ],
         "destination": [
          "obj-14",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-14",
          0
         ],
         "destination": [
          "obj-15",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-15",
          0
         ],
         "destination": [
          "obj-16",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-14",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-17",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-17",
          0
         ],
         "destination": [
          "obj-18",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-18",
          0
         ],
         "destination": [
          "obj-19",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-19",
          0
         ],
         "destination": [
          "obj-20",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-18",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-21",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-21",
          0
         ],
         "destination": [
          "obj-22",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-22",
          0
         ],
         "destination": [
          "obj-23",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-23",
          0
         ],
         "destination": [
          "obj-24",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-22",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-25",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-25",
          0
         ],
         "destination": [
          "obj-26",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-26",
          0
         ],
         "destination": [
          "obj-27",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-27",
          0
         ],
         "destination": [
          "obj-28",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-26",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-29",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-29",
          0
         ],
         "destination": [
          "obj-30",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-30",
          0
         ],
         "destination": [
          "obj-31",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-31",
          0
         ],
         "destination": [
          "obj-32",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-30",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-33",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-33",
          0
         ],
         "destination": [
          "obj-34",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-34",
          0
         ],
         "destination": [
          "obj-35",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-35",
          0
         ],
         "destination": [
          "obj-36",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-34",
          1
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-37",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-37",
          0
         ],
         "destination": [
          "obj-38",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-38",
          0
         ],
         "destination": [
          "obj-39",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-39",
          0
         ],
         "destination": [
          "obj-40",
          0
         ]
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-38",
          1
         ]
        }
       }
      ]
     }
    }
   },
   {
    "box": {
     "id": "obj-110",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1000.0,
      12.0,
      348.0,
      736
     ],
     "bgcolor": [
      0.945,
      0.933,
      0.906,
      1.0
     ],
     "background": 1,
     "mode": 0,
     "border": 0,
     "rounded": 6,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-111",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      18.0,
      100.75,
      23.0
     ],
     "text": "1  The model",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-112",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      41.0,
      332.0,
      79.0
     ],
     "text": "nn~ MODEL METHOD BUFFER plays a file MODEL.ts that script.py wrote. It must lie in Max's search path: Options, File Preferences. For your own model, open the NAME.maxpat beside NAME.ts: it has the right inlets, ranges and menus.",
     "fontsize": 12.0,
     "linecount": 5
    }
   },
   {
    "box": {
     "id": "obj-113",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      120.0,
      237.25,
      23.0
     ],
     "text": "2  forward: sound in, sound out",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-114",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      143.0,
      332.0,
      50.0
     ],
     "text": "What comes in is described by the model and made again as your recordings sound. Choose a sound at the left. Use headphones with the microphone.",
     "fontsize": 12.0,
     "linecount": 3
    }
   },
   {
    "box": {
     "id": "obj-115",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      193.0,
      322.8333333333333,
      23.0
     ],
     "text": "3  A latent: what a model hears, in numbers",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-116",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      216.0,
      332.0,
      65.0
     ],
     "text": "encode turns sound into a few numbers, some 86 times a second: the latent axes. Nearby numbers sound alike. 0 is the middle of your sounds, most lie within -3 and 3, and the first axis changes the sound most.",
     "fontsize": 12.0,
     "linecount": 4
    }
   },
   {
    "box": {
     "id": "obj-117",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      281.0,
      243.75,
      23.0
     ],
     "text": "4  decode: numbers in, sound out",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-118",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      304.0,
      332.0,
      79.0
     ],
     "text": "The other half alone: each slider is one latent, through sig~, since nn~ reads signals. Switch it on, choose a place, move a slider, or let them walk. Between encode and decode you can change what is heard: NAME-encode-decode.maxpat.",
     "fontsize": 12.0,
     "linecount": 5
    }
   },
   {
    "box": {
     "id": "obj-119",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      383.0,
      79.08333333333333,
      23.0
     ],
     "text": "5  Labels",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-120",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      406.0,
      332.0,
      79.0
     ],
     "text": "A model that was trained with labels, say pitch, has an inlet for each: in forward behind the sound, in decode behind the axes. The number of a class commands it. Nothing connected, or -1, means guess: the model uses what it hears itself.",
     "fontsize": 12.0,
     "linecount": 5
    }
   },
   {
    "box": {
     "id": "obj-121",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      485.0,
      150.58333333333334,
      23.0
     ],
     "text": "6  Buffer and delay",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-122",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      508.0,
      332.0,
      93.0
     ],
     "text": "BUFFER is how many samples nn~ collects before it computes, on a thread of its own. A larger one is safer, a smaller one sooner: 2048 at 44100 Hz add 91 ms to the model's own delay. NAME.json, the card, says both, and the smallest buffer that was safe. If sound breaks up, double it.",
     "fontsize": 12.0,
     "linecount": 6
    }
   },
   {
    "box": {
     "id": "obj-123",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      601.0,
      94.25,
      23.0
     ],
     "text": "7  Messages",
     "fontsize": 13,
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-124",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1008.0,
      624.0,
      332.0,
      65.0
     ],
     "text": "set ATTRIBUTE VALUE changes the model while it plays: set gain_db -6. enable 0 rests it. set reset 1 forgets what it heard. set limiter off lets decode exceed full scale.",
     "fontsize": 12.0,
     "linecount": 4
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "obj-5",
      0
     ],
     "destination": [
      "obj-7",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-12",
      0
     ],
     "destination": [
      "obj-11",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-15",
      1
     ],
     "destination": [
      "obj-14",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-18",
      1
     ],
     "destination": [
      "obj-17",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-21",
      0
     ],
     "destination": [
      "obj-20",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-24",
      0
     ],
     "destination": [
      "obj-23",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-27",
      0
     ],
     "destination": [
      "obj-29",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-30",
      0
     ],
     "destination": [
      "obj-29",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-31",
      0
     ],
     "destination": [
      "obj-29",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-32",
      0
     ],
     "destination": [
      "obj-29",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-33",
      0
     ],
     "destination": [
      "obj-29",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-34",
      0
     ],
     "destination": [
      "obj-35",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-35",
      0
     ],
     "destination": [
      "obj-37",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-29",
      0
     ],
     "destination": [
      "obj-38",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-39",
      0
     ],
     "destination": [
      "obj-38",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-38",
      0
     ],
     "destination": [
      "obj-40",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-40",
      0
     ],
     "destination": [
      "obj-41",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-41",
      0
     ],
     "destination": [
      "obj-42",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-41",
      0
     ],
     "destination": [
      "obj-42",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-48",
      0
     ],
     "destination": [
      "obj-49",
      0
     ],
     "hidden": 1
    }
   },
   {
    "patchline": {
     "source": [
      "obj-49",
      0
     ],
     "destination": [
      "obj-47",
      2
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-50",
      0
     ],
     "destination": [
      "obj-51",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-51",
      0
     ],
     "destination": [
      "obj-47",
      3
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-53",
      0
     ],
     "destination": [
      "obj-47",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-55",
      0
     ],
     "destination": [
      "obj-56",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-56",
      0
     ],
     "destination": [
      "obj-47",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      0
     ],
     "destination": [
      "obj-66",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-66",
      0
     ],
     "destination": [
      "obj-67",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      1
     ],
     "destination": [
      "obj-68",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-68",
      0
     ],
     "destination": [
      "obj-69",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      2
     ],
     "destination": [
      "obj-70",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-70",
      0
     ],
     "destination": [
      "obj-71",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      3
     ],
     "destination": [
      "obj-72",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-72",
      0
     ],
     "destination": [
      "obj-73",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      4
     ],
     "destination": [
      "obj-74",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-74",
      0
     ],
     "destination": [
      "obj-75",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      5
     ],
     "destination": [
      "obj-76",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-76",
      0
     ],
     "destination": [
      "obj-77",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      6
     ],
     "destination": [
      "obj-78",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-78",
      0
     ],
     "destination": [
      "obj-79",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      7
     ],
     "destination": [
      "obj-80",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-80",
      0
     ],
     "destination": [
      "obj-81",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-67",
      0
     ],
     "destination": [
      "obj-83",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-83",
      0
     ],
     "destination": [
      "obj-82",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-69",
      0
     ],
     "destination": [
      "obj-84",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-84",
      0
     ],
     "destination": [
      "obj-82",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-71",
      0
     ],
     "destination": [
      "obj-85",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-85",
      0
     ],
     "destination": [
      "obj-82",
      2
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-73",
      0
     ],
     "destination": [
      "obj-86",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-86",
      0
     ],
     "destination": [
      "obj-82",
      3
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-75",
      0
     ],
     "destination": [
      "obj-87",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-87",
      0
     ],
     "destination": [
      "obj-82",
      4
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-77",
      0
     ],
     "destination": [
      "obj-88",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-88",
      0
     ],
     "destination": [
      "obj-82",
      5
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-79",
      0
     ],
     "destination": [
      "obj-89",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-89",
      0
     ],
     "destination": [
      "obj-82",
      6
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-81",
      0
     ],
     "destination": [
      "obj-90",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-90",
      0
     ],
     "destination": [
      "obj-82",
      7
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-91",
      0
     ],
     "destination": [
      "obj-82",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-92",
      0
     ],
     "destination": [
      "obj-93",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-93",
      0
     ],
     "destination": [
      "obj-95",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-82",
      0
     ],
     "destination": [
      "obj-96",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-96",
      0
     ],
     "destination": [
      "obj-97",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-97",
      0
     ],
     "destination": [
      "obj-98",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-98",
      0
     ],
     "destination": [
      "obj-99",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-98",
      0
     ],
     "destination": [
      "obj-99",
      1
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      0
     ],
     "destination": [
      "obj-102",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-104",
      0
     ],
     "destination": [
      "obj-105",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-106",
      0
     ],
     "destination": [
      "obj-109",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-108",
      0
     ],
     "destination": [
      "obj-109",
      1
     ]
    }
   }
  ]
 }
}
