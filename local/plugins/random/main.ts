import { serve } from "../shared/server";
import { random } from "./random";

void serve(random);
